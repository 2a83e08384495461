/** Waiting times that double up to a maximum, each drawn at random from its upper half so that ports don't retry in step. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #ceilingMs: number;

  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#ceilingMs = minMs;
  }

  /** How long to wait before the next try, in ms. */
  next(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(this.#maxMs, ceiling * 2);
    return ceiling * (0.5 + this.#random() / 2);
  }

  /** The last try has borne fruit: the next wait is a short one again. */
  reset(): void {
    this.#ceilingMs = this.#minMs;
  }
}
