import { type Fields, KINDS, type Observation, packRecords, type RecordRow } from '../../readings/index.ts';
import { FixDraft, MODE } from './fix.ts';
import { SkyDraft } from './sky.ts';
import { DAY_MS, type ReceiverClock } from './time.ts';

type Writable<T> = { -readonly [N in keyof T]: T[N] };

/** Two sentences of one epoch may write its time of day with different numbers of digits. */
const SAME_TIME_MS = 5;

/** NMEA rounds to hundredths the time that UBX tells in ms. */
const SAME_TIME_ACROSS_MS = 10;

/**
 * Gathers the messages of one navigation epoch, and makes of them one gnss.fix, one gnss.sky and one gnss.integrity.
 *
 * A message that carries a time of day (NMEA) or of week (UBX) opens an epoch; one with another time closes it. What
 * carries no time belongs to the epoch that is open. Observations have the arrival time of the epoch's first message
 * with a time. A position whose date is not known makes no fix, and is counted as undated: without its time it can be
 * placed in no track.
 */
export class Epoch {
  readonly fix = new FixDraft();
  readonly clock: ReceiverClock;
  readonly sky = new SkyDraft();
  /** Positions that no date came with. */
  undated = 0;
  #t = Number.NaN;
  #now = Number.NaN;
  #timeOfDay = Number.NaN;
  #timeOfWeek = Number.NaN;
  #untimed = 0;
  #lastMode: number = MODE.unknown;
  #lastFixTime = Number.NaN;
  #jamming = Number.NaN;
  #spoofing = Number.NaN;
  readonly #rf: RecordRow[] = [];
  #out: Observation[] = [];

  constructor(clock: ReceiverClock) {
    this.clock = clock;
  }

  /** Says when the bytes that follow arrived. */
  arrive(t: number): void {
    this.#now = t;
  }

  /** The observations that are ready. */
  take(): Observation[] {
    const out = this.#out;
    if (out.length > 0) this.#out = [];
    return out;
  }

  /** An observation that stands by itself. */
  emit(observation: Observation): void {
    this.#out.push(observation);
  }

  /** When the bytes at hand arrived. */
  get now(): number {
    return this.#now;
  }

  /** A message of a time of day, ms. */
  atTimeOfDay(timeOfDay: number): void {
    if (!Number.isNaN(this.#timeOfDay)) {
      if (Math.abs(this.#timeOfDay - timeOfDay) > SAME_TIME_MS) this.close();
    } else if (this.#untimed !== 0) this.close();
    else if (!Number.isNaN(this.#timeOfWeek) && this.#isApart(timeOfDay, this.#timeOfWeek)) this.close();
    this.#begin();
    if (Number.isNaN(this.#timeOfDay)) this.#timeOfDay = timeOfDay;
  }

  /** A message of a GPS time of week, ms. */
  atTimeOfWeek(timeOfWeek: number): void {
    if (!Number.isNaN(this.#timeOfWeek)) {
      if (this.#timeOfWeek !== timeOfWeek) this.close();
    } else if (!Number.isNaN(this.#timeOfDay) && this.#isApart(this.#timeOfDay, timeOfWeek)) this.close();
    this.#begin();
    this.#timeOfWeek = timeOfWeek;
  }

  /**
   * A message that should have told its time of day and did not, as a receiver does without a fix: it is of another
   * epoch than one that did. `bit` names its type: the second of a type closes the epoch.
   */
  atNoTime(bit: number): void {
    if (!Number.isNaN(this.#timeOfDay) || (this.#untimed & bit) !== 0) this.close();
    this.touch();
    this.#untimed |= bit;
  }

  /** A message that belongs to the epoch that is open. */
  touch(): void {
    if (Number.isNaN(this.#t)) this.#t = this.#now;
  }

  /** What came before the first message with a time belongs to the epoch, but does not say when it was. */
  #begin(): void {
    if (Number.isNaN(this.#timeOfDay) && Number.isNaN(this.#timeOfWeek)) this.#t = this.#now;
  }

  /** Keeps the worst jamming state of the epoch. */
  jamming(state: number): void {
    if (!(this.#jamming >= state)) this.#jamming = state;
  }

  /** Keeps the worst spoofing state of the epoch. */
  spoofing(state: number): void {
    if (!(this.#spoofing >= state)) this.#spoofing = state;
  }

  /** Takes the rows of the RF blocks; a second set within an epoch makes a reading of the first. */
  radio(rows: readonly RecordRow[]): void {
    this.touch();
    if (this.#rf.length > 0) this.#closeIntegrity(this.#utc());
    this.#rf.push(...rows);
  }

  /** Makes what is known of the epoch into observations, and opens the next. */
  close(): void {
    if (Number.isNaN(this.#t)) return;
    const time = this.#utc();
    this.#closeFix(time);
    const sky = this.sky.close(this.#t, time);
    if (sky !== undefined) this.#out.push({ kind: 'gnss.sky', t: this.#t, fields: sky });
    this.#closeIntegrity(time);
    this.fix.reset();
    this.#t = Number.NaN;
    this.#timeOfDay = Number.NaN;
    this.#timeOfWeek = Number.NaN;
    this.#untimed = 0;
  }

  #closeFix(time: number): void {
    if (this.fix.toldMode !== MODE.unknown) this.#lastMode = this.fix.toldMode;
    if (!this.fix.isFix) return;
    if (Number.isNaN(time)) this.undated++;
    else if (!(Math.abs(time - this.#lastFixTime) <= SAME_TIME_MS)) {
      this.#lastFixTime = time;
      this.#out.push({ kind: 'gnss.fix', t: this.#t, fields: this.fix.fields(time, this.#lastMode) });
    }
  }

  #closeIntegrity(time: number): void {
    if (Number.isNaN(this.#jamming) && Number.isNaN(this.#spoofing) && this.#rf.length === 0) return;
    const fields: Writable<Fields<'gnss.integrity'>> = {};
    if (!Number.isNaN(time)) fields.time = time;
    if (!Number.isNaN(this.#jamming)) fields.jamming = this.#jamming;
    if (!Number.isNaN(this.#spoofing)) fields.spoofing = this.#spoofing;
    if (this.#rf.length > 0) fields.rf = packRecords(KINDS['gnss.integrity'].fields.rf, this.#rf);
    this.#jamming = Number.NaN;
    this.#spoofing = Number.NaN;
    this.#rf.length = 0;
    this.#out.push({ kind: 'gnss.integrity', t: this.#t, fields });
  }

  /** UTC of the epoch, ms since the Unix epoch; NaN where the receiver has not told enough. */
  #utc(): number {
    if (!Number.isNaN(this.#timeOfWeek)) {
      const time = this.clock.fromTimeOfWeek(this.#timeOfWeek);
      if (!Number.isNaN(time)) return time;
    }
    return Number.isNaN(this.#timeOfDay) ? Number.NaN : this.clock.fromTimeOfDay(this.#timeOfDay);
  }

  /** Whether a time of day and a time of week are surely not of one epoch. */
  #isApart(timeOfDay: number, timeOfWeek: number): boolean {
    const apart = Math.abs((this.clock.fromTimeOfWeek(timeOfWeek) - timeOfDay) % DAY_MS);
    return Math.min(apart, DAY_MS - apart) > SAME_TIME_ACROSS_MS;
  }
}
