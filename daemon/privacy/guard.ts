import { pause } from '../abort.ts';
import type { Log } from '../log.ts';
import type { Loss } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { Diary, type HiddenTime } from './diary.ts';
import { Whereabouts } from './whereabouts.ts';
import type { PrivacyZones } from './zones.ts';

/** What is withheld is declared when the zone is left, and at least so often. */
const DECLARE_MS = 600_000;
/** The zone may have been entered at any time since the last fix outside it, but for how long back is that assumed? */
const MAX_BACKDATE_MS = 60_000;
/** How long a frame waits for the fix after it. */
const PATIENCE_MS = 15_000;
const MAX_HIDDEN_TIMES = 256;
const MINUTE = 60_000;
/** gnss.fix mode "none": a position beside it is one that the receiver remembers. */
const MODE_NONE = 1;

export interface PrivacyGuardParts {
  readonly zones: PrivacyZones;
  /** The file that remembers hidden times. */
  readonly stateFile: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly onLoss: (loss: Loss) => void;
  readonly log: Log;
}

/**
 * Holds positions and frames back that were made within a privacy zone. Hidden is the time from the last fix outside to the next
 * fix outside: a fix that is lost within a zone leaves it hidden, and so does a first start until the first fix. What is held
 * back is declared as a loss, its times rounded outwards to whole minutes.
 */
export class PrivacyGuard {
  readonly #parts: PrivacyGuardParts;
  readonly #diary: Diary;
  readonly #whereabouts = new Whereabouts();
  #times: HiddenTime[] = [];
  #isUnsaved = false;
  #openedAt = 0;
  #held: { count: number; from: number; to: number } | undefined;
  #isDue = false;
  #wake: () => void = () => {};

  constructor(parts: PrivacyGuardParts) {
    this.#parts = parts;
    this.#diary = new Diary(parts.stateFile);
  }

  /** Reads what the last run knew. @throws FieldsealError FILE_NOT_READABLE */
  async open(): Promise<void> {
    if (this.#parts.zones.isEmpty) return;
    this.#openedAt = this.#parts.now();
    const known = await this.#diary.load();
    if (known !== undefined) this.#times = known;
    else this.#hide(this.#parts.now());
  }

  /** Whether the gateway is, or may be, within a zone. */
  get isHidden(): boolean {
    const last = this.#times.at(-1);
    return last !== undefined && last.to === undefined;
  }

  /** Whether a reading may be recorded; one that may not is counted. */
  admits(reading: Reading): boolean {
    if (this.#parts.zones.isEmpty || reading.kind !== 'gnss.fix') return true;
    const { t, source, fields } = reading;
    const { lat, lon, mode } = fields;
    // Speed and course of a receiver that dead-reckons draw the way within the zone too.
    if (lat === undefined || lon === undefined) return !this.isHidden || this.#hold(t);
    const isInside = this.#parts.zones.contains(lat, lon);
    if (!isInside && mode === MODE_NONE) return !this.isHidden || this.#hold(t);
    const backTo = Math.max(t - MAX_BACKDATE_MS, this.#whereabouts.lastOutside ?? t);
    if (this.#whereabouts.place(source, isInside, t)) this.#hide(Math.min(backTo, t));
    else this.#show(t);
    return !isInside || this.#hold(t);
  }

  /**
   * Whether any of the time from `from` to `to`, ms since the Unix epoch, is hidden. Only a fix after `to` tells for sure; it is
   * waited for, but not for long, for a fix that is lost outside a zone leaves it recorded.
   */
  hides(from: number, to: number): boolean | 'not-known-yet' {
    if (this.#parts.zones.isEmpty) return false;
    if (this.#times.some((time) => time.from <= to && from <= (time.to ?? Number.POSITIVE_INFINITY))) return true;
    if ((this.#whereabouts.lastOutside ?? 0) >= to) return false;
    const waited = this.#parts.now() - Math.max(to, this.#openedAt);
    return waited >= 0 && waited < PATIENCE_MS ? 'not-known-yet' : false;
  }

  /** What was stamped from `from` to `to` was stamped by a clock that was wrong by so much. */
  dateBack(deltaMs: number, from: number, to: number): void {
    if (this.#parts.zones.isEmpty) return;
    const moved = (t: number): number => (t >= from && t <= to ? Math.max(0, t + deltaMs) : t);
    this.#times = this.#times.map((time) => ({
      from: moved(time.from),
      ...(time.to === undefined ? {} : { to: moved(time.to) }),
    }));
    this.#whereabouts.dateBack(deltaMs);
    this.#openedAt += deltaMs;
    if (this.#held !== undefined) {
      this.#held = { count: this.#held.count, from: moved(this.#held.from), to: moved(this.#held.to) };
    }
    this.#changed();
  }

  /** Counts a frame that was not recorded. */
  withhold(t: number): void {
    this.#hold(t);
  }

  /** Declares what is held back and keeps the diary, until the signal. @throws FieldsealError FILE_NOT_WRITABLE */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#parts.zones.isEmpty) return;
    let declared = this.#parts.now();
    while (!signal.aborted) {
      await this.#save();
      const now = this.#parts.now();
      if (this.#isDue || Math.abs(now - declared) >= DECLARE_MS) {
        this.#declare();
        declared = now;
      }
      if (!this.#isUnsaved && !this.#isDue) await this.#idle(signal);
    }
    this.#declare();
    await this.#save();
  }

  #hide(from: number): void {
    if (this.isHidden) return;
    this.#times = [...this.#times, { from }].slice(-MAX_HIDDEN_TIMES);
    this.#changed();
  }

  #show(t: number): void {
    const last = this.#times.at(-1);
    if (last === undefined || last.to !== undefined) return;
    this.#times = [...this.#times.slice(0, -1), { from: last.from, to: Math.max(last.from, t) }];
    this.#isDue = true;
    this.#changed();
  }

  #changed(): void {
    this.#isUnsaved = true;
    this.#wake();
  }

  /** Counts what is held back; false, for the caller to answer. */
  #hold(t: number): false {
    const held = this.#held;
    this.#held = {
      count: 1 + (held?.count ?? 0),
      from: Math.min(t, held?.from ?? t),
      to: Math.max(t, held?.to ?? t),
    };
    return false;
  }

  #declare(): void {
    this.#isDue = false;
    if (this.#held === undefined) return;
    const { count, from, to } = this.#held;
    this.#held = undefined;
    this.#parts.log.info({ count }, 'readings within a privacy zone were not recorded');
    this.#parts.onLoss({
      reason: 'privacy-zone',
      count,
      from: Math.floor(from / MINUTE) * MINUTE,
      to: Math.ceil(to / MINUTE) * MINUTE,
    });
  }

  async #save(): Promise<void> {
    if (!this.#isUnsaved) return;
    this.#isUnsaved = false;
    await this.#diary.save(this.#times);
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await pause(DECLARE_MS, AbortSignal.any([signal, woken.signal]));
  }
}
