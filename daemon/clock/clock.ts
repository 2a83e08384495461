import { pause } from '../abort.ts';
import type { ClockState } from '../proof/index.ts';
import { type Belief, consistent, type GnssOpinion, uncertaintyAt } from './belief.ts';
import { GnssTime } from './gnss-time.ts';
import { type ClockHost, linuxHost, type NtpClient, type NtpReport } from './host.ts';
import { judge } from './judge.ts';
import type { ClockStep } from './step.ts';
import { Timeline } from './timeline.ts';
import { WallEras } from './wall-eras.ts';

/** The wall clock and the receivers are looked at so often; nobody is asked for it. */
const LOOK_MS = 1_000;
/** A time server's client is asked so often, and at once when the wall clock has moved. */
const ASK_UNKNOWN_MS = 5_000;
const ASK_KNOWN_MS = 60_000;
/** What the timeline is further off than this is stepped; what is less, slewed. */
const STEP_MS = 500;
/** Less than this isn't worth a change. */
const STILL_MS = 1;
/** The wall clock was set when it has moved by so much against the monotonic one. */
const WALL_MOVED_MS = 20;
const SLEPT_MS = 1_000;
/** Two clocks are read together when no more time than this went by. */
const READ_MS = 2;
const READ_TRIES = 5;
/** A battery-backed clock drifts by seconds a week; it tells whole seconds. */
const RTC_UNCERTAINTY_MS = 60_000;
const RTC_AGREES_MS = 2_000;
/** The largest uncertainty that a proof can state: nobody knows the time. */
const UNKNOWN_MS = 4_294_967_295;

/** How the clock is set up. Times in ms. */
export interface ClockOptions {
  /** For how long what is read waits for the time to become known. */
  readonly wait: number;
  /** Whether receivers of satellite navigation count. */
  readonly gnss: boolean;
  readonly ntp: NtpClient;
  /** When this program was made, since the Unix epoch: no time before is true. */
  readonly notBefore: number;
}

/** How the clock is doing, for whoever looks at the gateway. */
export interface ClockStatus {
  readonly source: ClockState['source'];
  readonly uncertaintyMs: number;
  readonly known: boolean;
  /** How far the timeline is ahead of the host's wall clock. */
  readonly offsetMs: number;
  readonly steps: number;
  readonly servers: readonly { readonly name: string; readonly state: string }[];
}

const DEFAULTS: ClockOptions = { wait: 0, gnss: true, ntp: 'auto', notBefore: 0 };

/**
 * The gateway's clock: a timeline that runs with the monotonic clock, so that no jump of the host's wall clock reorders or
 * duplicates anything, and whose time comes from whoever vouches for one. Time is never invented: it is stated with its source
 * and its uncertainty.
 */
export class Clock {
  readonly #options: ClockOptions;
  readonly #host: ClockHost;
  readonly #timeline: Timeline;
  readonly #gnss: GnssTime;
  readonly #eras: WallEras;
  readonly #listeners = new Set<(step: ClockStep) => void>();
  /** What stamps add to the monotonic clock; it never changes. */
  readonly #stampOffset: number;
  readonly #startedAt: number;
  #since: number;
  #belief: Belief | undefined;
  #wallOffset: number;
  #suspended: number;
  #report: NtpReport | undefined;
  /** The wall clock was set although a time server's client had vouched for it: what the client has measured since is awaited. */
  #doubt: { measured: number | undefined } | undefined;
  #askAt: number;
  #contradiction: GnssOpinion | undefined;
  #steps = 0;

  constructor(options: Partial<ClockOptions> = {}, host: ClockHost = linuxHost) {
    this.#options = { ...DEFAULTS, ...options };
    this.#host = host;
    this.#wallOffset = this.#readWall();
    this.#eras = new WallEras(this.#wallOffset);
    this.#stampOffset = Math.round(this.#wallOffset);
    this.#timeline = new Timeline(this.#stampOffset);
    this.#gnss = new GnssTime(this.#options.notBefore);
    this.#startedAt = host.monotonicNow();
    this.#since = this.#startedAt;
    this.#askAt = this.#startedAt;
    this.#suspended = host.suspendedMs();
  }

  /** Milliseconds since the Unix epoch by the gateway's timeline. It goes back only in a step. */
  readonly now = (): number => this.#timeline.at(this.#host.monotonicNow());

  /** Milliseconds since boot; only goes forward. */
  readonly monotonicNow = (): number => this.#host.monotonicNow();

  /**
   * A stamp for what has just come: it looks like whole milliseconds since the Unix epoch, and no correction of the time ever
   * touches it, so whoever measures with stamps sees no jump. `dated` gives its time.
   */
  readonly stamp = (): number => Math.floor(this.#host.monotonicNow()) + this.#stampOffset;

  /** The time of a stamp, ms since the Unix epoch, as far as it is known by now. */
  readonly dated = (stamp: number): number => this.#timeline.at(stamp - this.#stampOffset);

  /**
   * The time of what the host's wall clock has stamped, such as a file, however that clock was set since; as it is where it is from
   * before this run. Both in ms since the Unix epoch.
   */
  readonly ofWall = (wall: number): number => {
    const monotonic = this.#eras.monotonicOf(wall, this.#host.monotonicNow());
    return monotonic === undefined ? Math.max(0, wall) : this.#timeline.at(monotonic);
  };

  /** Whether anybody vouches for the time. */
  get known(): boolean {
    return this.#belief !== undefined;
  }

  /** Whether the time may yet become known soon: what is read should wait to be sealed. */
  get awaited(): boolean {
    return !this.known && this.#host.monotonicNow() - this.#startedAt < this.#options.wait;
  }

  /** Hears of each step of the timeline, at once and before anything is stamped by the new one. Gives what ends it. */
  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The receiver of a source said that it was `time`, ms since the Unix epoch, in bytes that began to come at `stamp`. */
  observeGnss(source: string, time: number, stamp: number): void {
    if (this.#options.gnss) this.#gnss.observe(source, time, stamp - this.#stampOffset);
  }

  /** The clock's state for a proof. */
  state(): ClockState {
    const monotonic = this.#host.monotonicNow();
    return {
      source: this.#belief?.source ?? 'none',
      uncertaintyMs: this.#uncertaintyAt(monotonic),
      bootId: this.#host.bootId(),
      sinceBootMs: Math.floor(monotonic),
    };
  }

  status(): ClockStatus {
    const monotonic = this.#host.monotonicNow();
    const offset = this.#timeline.offsetAt(monotonic);
    const receivers = [...this.#gnss.states(offset, monotonic)].map(({ source, differenceMs }) => ({
      name: source,
      state: differenceMs === undefined ? 'not steady' : `${differenceMs} ms from the timeline`,
    }));
    return {
      source: this.#belief?.source ?? 'none',
      uncertaintyMs: this.#uncertaintyAt(monotonic),
      known: this.known,
      offsetMs: Math.round(offset - this.#readWall()),
      steps: this.#steps,
      servers: [{ name: this.#report?.client ?? 'ntp', state: this.#ntpState() }, ...receivers],
    };
  }

  /** Keeps the timeline to whoever vouches for the time, until the signal. Nobody has to be there. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      await pause(LOOK_MS, signal);
    }
  }

  /** Looks once at who vouches for what, and keeps the timeline to it. */
  async look(signal: AbortSignal): Promise<void> {
    this.#noticeSleep();
    const moved = this.#noticeWall();
    const evidence = await this.#ask(signal);
    const monotonic = this.#host.monotonicNow();
    const gnss = this.#gnss.opinion(monotonic);
    const belief = judge(this.#belief, { ...evidence, gnss, wallOffset: this.#wallOffset }, monotonic);
    if (belief !== undefined) this.#adopt(belief, monotonic);
    else if (moved && this.#belief === undefined && this.#isPlausible(monotonic + this.#wallOffset)) {
      this.#moveTo(this.#wallOffset, undefined, monotonic);
    }
    this.#contradiction = this.#contradicts(gnss, monotonic) ? gnss : undefined;
  }

  /** The monotonic clock stands still while the host is suspended: what was stamped before was right. */
  #noticeSleep(): void {
    const monotonic = this.#host.monotonicNow();
    const slept = Math.round(this.#host.suspendedMs() - this.#suspended);
    if (slept < SLEPT_MS) return;
    this.#suspended += slept;
    this.#gnss.forget();
    this.#wallOffset += slept;
    this.#eras.begin(monotonic, this.#wallOffset);
    const source = this.#belief?.source;
    if (this.#belief !== undefined) {
      const { offset, uncertainty } = this.#belief;
      this.#belief = { ...this.#belief, offset: offset + slept, uncertainty: uncertainty + SLEPT_MS };
    }
    this.#askAt = monotonic;
    this.#step(slept, false, source, monotonic);
  }

  /** Somebody has set the wall clock: its client is asked at once. */
  #noticeWall(): boolean {
    const offset = this.#readWall();
    if (Math.abs(offset - this.#wallOffset) < WALL_MOVED_MS) return false;
    this.#wallOffset = offset;
    this.#eras.begin(this.#host.monotonicNow(), offset);
    if (this.#belief?.source === 'ntp') this.#doubt = { measured: undefined };
    this.#askAt = this.#host.monotonicNow();
    return true;
  }

  async #ask(signal: AbortSignal): Promise<{ ntp?: Belief; rtc?: Belief }> {
    if (this.#host.monotonicNow() < this.#askAt) return {};
    const before = this.#readWall();
    const [report, rtc] = await Promise.all([
      this.#host.ntp(this.#options.ntp, signal),
      this.known ? undefined : this.#host.rtc(),
    ]);
    const at = this.#host.monotonicNow();
    const offset = this.#readWall();
    // Set in this very moment: whoever answered may have meant the time before or the one after.
    if (Math.abs(offset - before) >= WALL_MOVED_MS || signal.aborted) return {};
    this.#report = report;
    const ntp = this.#vouchedFor(report, offset, at);
    const isRtc = rtc !== undefined && Math.abs(at + offset - rtc) <= RTC_AGREES_MS && this.#isPlausible(rtc);
    this.#askAt = at + (this.known || ntp !== undefined ? ASK_KNOWN_MS : ASK_UNKNOWN_MS);
    return {
      ...(ntp === undefined ? {} : { ntp }),
      ...(isRtc ? { rtc: { source: 'rtc', offset, uncertainty: RTC_UNCERTAINTY_MS, at } } : {}),
    };
  }

  #adopt(belief: Belief, monotonic: number): void {
    const previous = this.#belief?.source;
    this.#belief = belief;
    this.#moveTo(belief.offset, previous, monotonic);
  }

  #moveTo(offset: number, previous: ClockState['source'] | undefined, monotonic: number): void {
    const target = this.#timeline.offsetAt(monotonic) + this.#timeline.restAt(monotonic);
    const difference = offset - this.#timeline.offsetAt(monotonic);
    if (Math.abs(difference) > STEP_MS) this.#step(Math.round(difference), true, previous, monotonic);
    else if (Math.abs(offset - target) > STILL_MS) this.#timeline.slew(offset, monotonic);
  }

  #step(deltaMs: number, datesBack: boolean, previous: ClockState['source'] | undefined, monotonic: number): void {
    this.#timeline.step(deltaMs, monotonic, datesBack);
    this.#steps += 1;
    const since = this.#timeline.at(this.#since);
    this.#since = monotonic;
    const step: ClockStep = {
      deltaMs,
      datesBack,
      previous: previous ?? 'none',
      source: this.#belief?.source ?? 'none',
      since,
      t: this.#timeline.at(monotonic),
      uncertaintyMs: this.#uncertaintyAt(monotonic),
    };
    for (const listener of this.#listeners) listener(step);
  }

  #uncertaintyAt(monotonic: number): number {
    if (this.#belief === undefined) return UNKNOWN_MS;
    const offset = this.#timeline.offsetAt(monotonic);
    const own = uncertaintyAt(this.#belief, monotonic) + Math.abs(this.#belief.offset - offset);
    const other = this.#contradiction;
    const distance = other === undefined ? 0 : Math.abs(other.offset - offset) + uncertaintyAt(other, monotonic);
    return Math.min(UNKNOWN_MS, Math.ceil(Math.max(own, distance)) + 1);
  }

  #ntpState(): string {
    if (this.#report === undefined)
      return this.#options.ntp === 'none' ? 'is not asked' : 'does not vouch for the clock';
    return this.#doubt === undefined ? 'synchronised' : 'has not measured since the clock was set';
  }

  /**
   * The wall clock as its client vouches for it. Where somebody has set the clock, what the client says first may be of before;
   * what it measures later is not.
   */
  #vouchedFor(report: NtpReport | undefined, offset: number, at: number): Belief | undefined {
    if (report === undefined || !this.#isPlausible(at + offset)) return undefined;
    if (this.#doubt !== undefined) {
      this.#doubt.measured ??= report.measured;
      if (this.#doubt.measured === report.measured) return undefined;
      this.#doubt = undefined;
    }
    return { source: 'ntp', offset, uncertainty: report.uncertaintyMs, at };
  }

  #isPlausible(time: number): boolean {
    return time >= this.#options.notBefore;
  }

  /** Whether the receivers say what can't be true together with the belief. A time server is not doubted for it. */
  #contradicts(gnss: GnssOpinion | undefined, monotonic: number): boolean {
    const belief = this.#belief;
    if (gnss === undefined || belief === undefined || belief.source === 'ntp') return false;
    return !consistent(gnss, belief, monotonic);
  }

  /** Wall minus monotonic clock. Where the kernel put this program aside in between, it is read again. */
  #readWall(): number {
    for (let tries = 1; ; tries++) {
      const before = this.#host.monotonicNow();
      const wall = this.#host.wallNow();
      if (this.#host.monotonicNow() - before < READ_MS || tries >= READ_TRIES) return wall - before;
    }
  }
}
