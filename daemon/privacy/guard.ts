import { pause } from '../abort.ts';
import { FileTrouble } from '../file-trouble.ts';
import type { Log } from '../log.ts';
import type { Loss } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { type Affirmation, Diary, type HiddenTime } from './diary.ts';
import { Whereabouts } from './whereabouts.ts';
import type { PrivacyZones } from './zones.ts';

/** What is withheld is declared when the zone is left, and at least so often. */
const DECLARE_MS = 600_000;
/** The zone may have been entered at any time since the last fix outside it, but for how long back is that assumed? */
const MAX_BACKDATE_MS = 60_000;
/** How long a frame waits for the fix after it. */
const PATIENCE_MS = 15_000;
const MAX_HIDDEN_TIMES = 256;
/** So often the diary says anew that it is up to date. */
const AFFIRM_MS = 120_000;
/** Where it did not come to say so, the disk may have failed before the power did. */
const AFFIRMED_FOR_MS = 180_000;
const MINUTE = 60_000;
/** gnss.fix mode "none": a position beside it is one that the receiver remembers. */
const MODE_NONE = 1;

export interface PrivacyGuardParts {
  readonly zones: PrivacyZones;
  /** The file that remembers hidden times. */
  readonly stateFile: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** This boot, and how long ago it was: by it a run that follows a crash knows how long nobody has looked. */
  readonly uptime: () => { readonly bootId: Uint8Array; readonly sinceBootMs: number };
  readonly onLoss: (loss: Loss) => void;
  readonly log: Log;
}

/**
 * Holds positions and frames back that were made within a privacy zone. Hidden is the time from the last fix outside to the next
 * fix outside: a fix that is lost within a zone leaves it hidden, and so does a first start until the first fix. What is held
 * back is declared as a loss, its times rounded outwards to whole minutes.
 *
 * Hidden times outlive the run in a diary. While the disk does not take it, they are known in memory alone; so after a run that did
 * not end in good order, what came when the diary was out of date is hidden, too, up to the first fix outside.
 */
export class PrivacyGuard {
  readonly #parts: PrivacyGuardParts;
  readonly #diary: Diary;
  readonly #trouble: FileTrouble;
  readonly #whereabouts = new Whereabouts();
  #times: HiddenTime[] = [];
  #isUnsaved = false;
  /** When the diary was last written, by performance.now(). */
  #affirmedAt = 0;
  #openedAt = 0;
  #held: { count: number; from: number; to: number } | undefined;
  #isDue = false;
  #wake: () => void = () => {};

  constructor(parts: PrivacyGuardParts) {
    this.#parts = parts;
    this.#diary = new Diary(parts.stateFile);
    this.#trouble = new FileTrouble({
      place: parts.stateFile,
      fails: 'hidden times are known in memory alone: after a crash what came meanwhile would be hidden',
      heals: 'hidden times are on the disk again',
      log: parts.log,
    });
  }

  /** Why hidden times are not on the disk; undefined while they are. */
  get trouble(): string | undefined {
    return this.#trouble.line;
  }

  /**
   * Learns what was known before.
   *
   * @param before a guard of this run that has ended; else the last run's diary tells
   * @throws FieldsealError FILE_NOT_READABLE
   */
  async open(before?: PrivacyGuard): Promise<void> {
    if (this.#parts.zones.isEmpty) return;
    this.#openedAt = this.#parts.now();
    // The disk may not have taken what it knows.
    if (before !== undefined && !before.#parts.zones.isEmpty) {
      this.#times = before.#times;
      return;
    }
    const known = await this.#diary.load();
    if (known === undefined) {
      this.#hide(this.#openedAt);
      return;
    }
    this.#times = known.times;
    if (known.affirmed !== undefined) this.#hideUnaffirmed(known.affirmed);
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

  /** Declares what is held back and keeps the diary, until the signal. A disk that does not take it is lived with. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#parts.zones.isEmpty) return;
    this.#isUnsaved = true;
    let declared = this.#parts.now();
    while (!signal.aborted) {
      if (this.#isSaveDue) await this.#save(this.#affirmation());
      const now = this.#parts.now();
      if (this.#isDue || Math.abs(now - declared) >= DECLARE_MS) {
        this.#declare();
        declared = now;
      }
      if (!this.#isSaveDue && !this.#isDue) await this.#idle(signal);
    }
    this.#declare();
    await this.#save(undefined);
  }

  /** The last run has not ended in good order. Of another boot nobody knows how long ago it was, whatever the clock says. */
  #hideUnaffirmed({ t, boot, sinceBootMs }: Affirmation): void {
    const now = this.#affirmation();
    const isAffirmed = now.boot === boot && now.sinceBootMs - sinceBootMs <= AFFIRMED_FOR_MS;
    if (!isAffirmed) this.#hide(Math.min(now.t, t + AFFIRMED_FOR_MS));
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

  #affirmation(): Affirmation {
    const { bootId, sinceBootMs } = this.#parts.uptime();
    return { t: Math.max(0, Math.floor(this.#parts.now())), boot: Buffer.from(bootId).toString('hex'), sinceBootMs };
  }

  get #isSaveDue(): boolean {
    return this.#trouble.mayTry && (this.#isUnsaved || performance.now() - this.#affirmedAt >= AFFIRM_MS);
  }

  /** @param affirmed left out at the end of a run */
  async #save(affirmed: Affirmation | undefined): Promise<void> {
    this.#isUnsaved = false;
    try {
      await this.#diary.save({ times: this.#times, affirmed });
    } catch (cause) {
      this.#isUnsaved = true;
      return this.#trouble.note(cause);
    }
    this.#affirmedAt = performance.now();
    this.#trouble.over();
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const affirmInMs = Math.max(0, this.#affirmedAt + AFFIRM_MS - performance.now());
    await pause(Math.min(DECLARE_MS, this.#trouble.retryInMs ?? affirmInMs), AbortSignal.any([signal, woken.signal]));
  }
}
