import { DAY_MS, leapSecondsAt, type ReceiverClock, WEEK_MS } from '../time.ts';

/** GPS time began at 1980-01-06T00:00:00Z (IS-GPS-200, section 3.3.4). */
const GPS_EPOCH = Date.UTC(1980, 0, 6);
/** 1858-11-17T00:00:00Z, when Modified Julian Day 0 began. */
const MJD_EPOCH = Date.UTC(1858, 10, 17);
/** BeiDou time is 14 s behind GPS time for good (BDS-SIS-ICD, section 3.3). */
const BEIDOU_BEHIND_MS = 14_000;
/** GLONASS time is UTC(SU) plus three hours (GLONASS ICD, section 3.3.3). */
const GLONASS_AHEAD_MS = 3 * 3_600_000;
/** A GLONASS time of day reaches into the 61st second of a leap (RTCM 10403.3, DF034). */
const MAX_GLONASS_TIME = DAY_MS + 1_000;
/** DF416: the day of the week is not known. */
const NO_DAY = 7;

/**
 * Knows UTC for a reference station, whose observations tell the time of week or of day only. The week is the one
 * nearest to, in this order: a date that the wire has told (1013, 1029, a fix of the same receiver), the time of
 * arrival where it is not before the reference time, the epoch before, the reference time.
 */
export class StationClock {
  readonly #reference: number;
  readonly #receiver: ReceiverClock;
  #near: number;
  #told = false;

  constructor(referenceTime: number, receiver: ReceiverClock) {
    this.#reference = referenceTime;
    this.#near = referenceTime;
    this.#receiver = receiver;
  }

  /** A message tells the Modified Julian Day (DF051) and the second of it (DF052). */
  setDay(day: number, seconds: number): void {
    const time = MJD_EPOCH + day * DAY_MS + seconds * 1000;
    if (time < GPS_EPOCH || seconds > 86_400) return;
    this.#near = time;
    this.#told = true;
  }

  /** UTC of a GPS time of week, ms (DF004, DF248, DF428, DF546); NaN where it is none. */
  fromTimeOfWeek(timeOfWeek: number, arrival: number): number {
    if (timeOfWeek >= WEEK_MS) return Number.NaN;
    const near = this.#nearest(arrival);
    const gps = unroll(GPS_EPOCH + timeOfWeek, near + leapSecondsAt(near) * 1000, WEEK_MS);
    return this.#keep(gps - leapSecondsAt(gps) * 1000);
  }

  /** UTC of a BeiDou time of week, ms (DF427). */
  fromBeiDou(timeOfWeek: number, arrival: number): number {
    return timeOfWeek >= WEEK_MS ? Number.NaN : this.fromTimeOfWeek((timeOfWeek + BEIDOU_BEHIND_MS) % WEEK_MS, arrival);
  }

  /** UTC of a GLONASS day of the week (DF416, 0 is Sunday) and time of day, ms (DF034). */
  fromGlonass(day: number, timeOfDay: number, arrival: number): number {
    if (timeOfDay >= MAX_GLONASS_TIME) return Number.NaN;
    const near = this.#nearest(arrival);
    const known = day !== NO_DAY;
    // 1980-01-06 was a Sunday.
    const moscow = GPS_EPOCH + (known ? day * DAY_MS : 0) + timeOfDay;
    return this.#keep(unroll(moscow - GLONASS_AHEAD_MS, near, known ? WEEK_MS : DAY_MS));
  }

  #nearest(arrival: number): number {
    const { latest } = this.#receiver;
    if (!Number.isNaN(latest)) return latest;
    return !this.#told && arrival >= this.#reference ? arrival : this.#near;
  }

  #keep(time: number): number {
    if (time < GPS_EPOCH) return Number.NaN;
    this.#near = time;
    return time;
  }
}

/** Brings a time within half a period of another. */
const unroll = (time: number, near: number, period: number): number =>
  time + Math.round((near - time) / period) * period;
