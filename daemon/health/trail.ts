import type { TrackPoint } from './status.ts';

const HOUR_MS = 3_600_000;
/** A point at most so often: an hour is 720 points, in 12 kB. */
const SPACING_MS = 5_000;
const CAPACITY = HOUR_MS / SPACING_MS;
/** What moves less than this is told once a minute: a receiver that stands still wanders. About 5 m. */
const NEAR_E7 = 500;
const STANDSTILL_MS = 60_000;
/** No point for so long: the way between is not known. */
const GAP_MS = 2 * STANDSTILL_MS + SPACING_MS;

/** Where a source has been in the last hour, thinned. */
export class Trail {
  readonly #t = new Float64Array(CAPACITY);
  readonly #lat = new Int32Array(CAPACITY);
  readonly #lon = new Int32Array(CAPACITY);
  #start = 0;
  #size = 0;

  /**
   * @param t ms since the Unix epoch
   * @param lat 1e-7 degrees, as in gnss.fix; @param lon likewise
   */
  add(t: number, lat: number, lon: number): void {
    const last = this.#at(this.#size - 1);
    const since = t - (this.#t[last] ?? 0);
    if (this.#size > 0 && since < 0) this.#size = 0; // a clock that went back: what was before it can't be drawn
    if (this.#size > 0) {
      const isNear =
        Math.abs(lat - (this.#lat[last] ?? 0)) < NEAR_E7 && Math.abs(lon - (this.#lon[last] ?? 0)) < NEAR_E7;
      if (since < (isNear ? STANDSTILL_MS : SPACING_MS)) return;
    }
    this.#forget(t);
    if (this.#size === CAPACITY) this.#drop();
    const at = this.#at(this.#size);
    this.#t[at] = t;
    this.#lat[at] = lat;
    this.#lon[at] = lon;
    this.#size += 1;
  }

  /** Moves all times. */
  shift(deltaMs: number): void {
    for (let index = 0; index < this.#size; index++) {
      const at = this.#at(index);
      this.#t[at] = (this.#t[at] ?? 0) + deltaMs;
    }
  }

  /** The last hour's points, oldest first. */
  points(now: number): TrackPoint[] {
    this.#forget(now);
    return Array.from({ length: this.#size }, (_, index) => {
      const at = this.#at(index);
      const t = this.#t[at] ?? 0;
      return {
        t,
        lat: (this.#lat[at] ?? 0) / 1e7,
        lon: (this.#lon[at] ?? 0) / 1e7,
        gap: index > 0 && t - (this.#t[this.#at(index - 1)] ?? 0) > GAP_MS,
      };
    });
  }

  #forget(now: number): void {
    while (this.#size > 0 && (this.#t[this.#start] ?? 0) < now - HOUR_MS) this.#drop();
  }

  #drop(): void {
    this.#start = this.#at(1);
    this.#size -= 1;
  }

  #at(index: number): number {
    return (this.#start + index + CAPACITY) % CAPACITY;
  }
}
