export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

/** GPS time began at 1980-01-06T00:00:00Z (IS-GPS-200, section 3.3.4). */
const GPS_EPOCH = Date.UTC(1980, 0, 6);

/** The week number of the legacy navigation message has ten bits (IS-GPS-200, section 20.3.3.3.1.1). */
const ROLLOVER_MS = 1024 * WEEK_MS;

/** When GPS time gained a second on UTC (IERS Bulletin C): the nth entry makes the difference n seconds. */
const LEAP_SECONDS: readonly number[] = [
  Date.UTC(1981, 6),
  Date.UTC(1982, 6),
  Date.UTC(1983, 6),
  Date.UTC(1985, 6),
  Date.UTC(1988, 0),
  Date.UTC(1990, 0),
  Date.UTC(1991, 0),
  Date.UTC(1992, 6),
  Date.UTC(1993, 6),
  Date.UTC(1994, 6),
  Date.UTC(1996, 0),
  Date.UTC(1997, 6),
  Date.UTC(1999, 0),
  Date.UTC(2006, 0),
  Date.UTC(2009, 0),
  Date.UTC(2012, 6),
  Date.UTC(2015, 6),
  Date.UTC(2017, 0),
];

/** Seconds that GPS time is ahead of UTC at an instant, as far as leap seconds had been announced in 2026. */
export function leapSecondsAt(time: number): number {
  let seconds = 0;
  for (const from of LEAP_SECONDS) if (time >= from + seconds * 1000) seconds++;
  return seconds;
}

/** Midnight UTC of a date, ms since the Unix epoch; NaN for a date that no calendar has. */
export function midnight(year: number, month: number, day: number): number {
  if (!(year >= 1980 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  const time = Date.UTC(year, month - 1, day);
  return new Date(time).getUTCMonth() === month - 1 ? time : Number.NaN;
}

/**
 * Knows UTC for one receiver: puts years to two-digit years, weeks to rolled-over week numbers, dates to times of day,
 * and UTC to times of week.
 */
export class ReceiverClock {
  readonly #reference: number;
  /** Midnight of the latest dated time, and that time of day. */
  #day = Number.NaN;
  #timeOfDay = Number.NaN;
  /** UTC at time of week 0, leap seconds included, and the latest time of week. */
  #week = Number.NaN;
  #timeOfWeek = Number.NaN;
  /** GPS less UTC, ms, as the receiver says; NaN until it does. */
  #leap = Number.NaN;

  constructor(referenceTime: number) {
    this.#reference = referenceTime;
  }

  /** The year that two digits stand for: the one nearest to the reference. */
  fullYear(twoDigits: number): number {
    const reference = new Date(this.#reference).getUTCFullYear();
    return twoDigits + Math.round((reference - twoDigits) / 100) * 100;
  }

  /** A receiver tells its date (midnight, ms) and time of day. */
  setDate(day: number, timeOfDay: number): void {
    if (Number.isNaN(day)) return;
    this.#day = this.unroll(day);
    this.#timeOfDay = timeOfDay;
  }

  /** UTC of a time of day, ms since the Unix epoch; NaN while no date is known. A wrap past midnight turns the date. */
  fromTimeOfDay(timeOfDay: number): number {
    if (Number.isNaN(this.#timeOfDay)) {
      this.#timeOfDay = timeOfDay;
      return this.#day + timeOfDay;
    }
    const step = timeOfDay - this.#timeOfDay;
    if (step > DAY_MS / 2) return this.#day - DAY_MS + timeOfDay;
    if (step < -DAY_MS / 2) this.#day += DAY_MS;
    this.#timeOfDay = timeOfDay;
    return this.#day + timeOfDay;
  }

  /** A receiver tells the UTC (ms) of a time of week (ms). */
  setWeek(utc: number, timeOfWeek: number): void {
    if (Number.isNaN(utc)) return;
    this.#week = utc - timeOfWeek;
    this.#timeOfWeek = timeOfWeek;
    this.setDate(utc - (utc % DAY_MS), utc % DAY_MS);
  }

  /** A receiver tells the GPS week of a time of week (ms). */
  setGpsWeek(week: number, timeOfWeek: number): void {
    const gps = this.unroll(GPS_EPOCH + week * WEEK_MS + timeOfWeek);
    const leap = Number.isNaN(this.#leap) ? leapSecondsAt(gps) * 1000 : this.#leap;
    this.setWeek(gps - leap, timeOfWeek);
  }

  /** The latest UTC that the receiver has told, ms since the Unix epoch; NaN while it has told none. */
  get latest(): number {
    const byWeek = this.#week + this.#timeOfWeek;
    return Number.isNaN(byWeek) ? this.#day + this.#timeOfDay : byWeek;
  }

  get knowsWeek(): boolean {
    return !Number.isNaN(this.#week);
  }

  /** A receiver tells how far GPS is ahead of UTC, s. */
  setLeapSeconds(seconds: number): void {
    this.#leap = seconds * 1000;
  }

  /** UTC of a GPS time of week, ms since the Unix epoch; NaN while no week is known. */
  fromTimeOfWeek(timeOfWeek: number): number {
    if (timeOfWeek < this.#timeOfWeek - WEEK_MS / 2) this.#week += WEEK_MS;
    this.#timeOfWeek = timeOfWeek;
    return this.#week + timeOfWeek;
  }

  /** A receiver that has lost count of the ten-bit week lives 1024 weeks in the past: brings it near the reference. */
  unroll(time: number): number {
    const behind = Math.round((this.#reference - time) / ROLLOVER_MS);
    return behind > 0 ? time + behind * ROLLOVER_MS : time;
  }
}
