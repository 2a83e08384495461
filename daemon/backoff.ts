export interface BackoffBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** The least wait, as a share of the ceiling: 0 by default ("full jitter"). */
  readonly floor?: number;
}

/**
 * Waiting times between attempts: a random time up to a ceiling that doubles from `minMs` to `maxMs`, so that a thousand devices
 * don't come back to a restarted broker in the same second, nor the ports of one in step.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #floor: number;
  readonly #random: () => number;
  #ceilingMs: number;

  constructor(bounds: BackoffBounds, random: () => number = Math.random) {
    this.#minMs = Math.min(bounds.minMs, bounds.maxMs);
    this.#maxMs = bounds.maxMs;
    this.#floor = bounds.floor ?? 0;
    this.#random = random;
    this.#ceilingMs = this.#minMs;
  }

  /** The next wait may be as long as this, in milliseconds. */
  get ceilingMs(): number {
    return this.#ceilingMs;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const wait = Math.round((this.#floor + this.#random() * (1 - this.#floor)) * this.#ceilingMs);
    this.#ceilingMs = Math.min(this.#ceilingMs * 2, this.#maxMs);
    return wait;
  }

  reset(): void {
    this.#ceilingMs = this.#minMs;
  }
}
