/** Settings of the wall clock remembered. */
const MAX_ERAS = 16;
/** A setting is noticed so much later at most. */
const NOTICED_MS = 1_500;

/** How the wall clock stood to the monotonic one, from a time on. */
interface Era {
  /** On the monotonic clock. */
  readonly since: number;
  /** Wall minus monotonic clock. */
  readonly offset: number;
}

/** Remembers how the wall clock was set, so that what it has stamped, such as a file, can be told a time that was not disturbed. */
export class WallEras {
  readonly #eras: Era[];

  constructor(offset: number) {
    this.#eras = [{ since: Number.NEGATIVE_INFINITY, offset }];
  }

  /** The wall clock was set: from `since` on it is ahead of the monotonic clock by `offset`. */
  begin(since: number, offset: number): void {
    this.#eras.push({ since, offset });
    if (this.#eras.length > MAX_ERAS) this.#eras.shift();
  }

  /**
   * What the monotonic clock showed when the wall clock showed `wall`, the last time that it did; undefined where it never did, as far as
   * is remembered. Now is `monotonic`.
   */
  monotonicOf(wall: number, monotonic: number): number | undefined {
    const possible = this.#eras.findLast(({ since, offset }) => {
      const at = wall - offset;
      return at >= since - NOTICED_MS && at <= monotonic + NOTICED_MS;
    });
    return possible === undefined ? undefined : wall - possible.offset;
  }
}
