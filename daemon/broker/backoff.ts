/**
 * Waiting times between attempts: a random time between nothing and a ceiling that doubles from `minMs` to `maxMs`
 * ("full jitter"), so that a thousand devices don't come back to a restarted broker in the same second.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #ceilingMs: number;

  constructor(bounds: { minMs: number; maxMs: number }, random: () => number = Math.random) {
    this.#minMs = Math.min(bounds.minMs, bounds.maxMs);
    this.#maxMs = bounds.maxMs;
    this.#random = random;
    this.#ceilingMs = this.#minMs;
  }

  /** The next wait may be as long as this, in milliseconds. */
  get ceilingMs(): number {
    return this.#ceilingMs;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const wait = Math.round(this.#random() * this.#ceilingMs);
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, this.#maxMs);
    return wait;
  }

  reset(): void {
    this.#ceilingMs = this.#minMs;
  }
}
