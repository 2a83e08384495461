/** The probability that a bit is 1, out of 65,536, as it is before anything is known. */
const EVEN = 32_768;
/** Bits that an estimate averages over at most: from then on the oldest fade. */
const MEMORY = 128;

/**
 * What has been learnt of each context: an estimate of the probability of a 1, at first the plain average of the bits
 * seen, later one that forgets. In integers alone, so that every implementation agrees.
 */
export class Contexts {
  #ones = new Uint16Array(1024).fill(EVEN);
  #seen = new Uint8Array(1024);
  #count = 0;

  /** Makes room for `count` more and tells the number of the first. */
  allocate(count: number): number {
    const first = this.#count;
    this.#count += count;
    if (this.#count > this.#seen.length) this.#grow(Math.max(this.#count, 2 * this.#seen.length));
    return first;
  }

  /** Out of 4096, from 1 to 4095. */
  probability(context: number): number {
    return Math.max(1, (this.#ones[context] ?? EVEN) >> 4);
  }

  learn(context: number, bit: number): void {
    const ones = this.#ones[context] ?? EVEN;
    const seen = this.#seen[context] ?? 0;
    this.#ones[context] = ones + Math.trunc(((bit === 1 ? 65_535 : 0) - ones) / (seen + 2));
    if (seen < MEMORY - 2) this.#seen[context] = seen + 1;
  }

  #grow(length: number): void {
    const ones = new Uint16Array(length).fill(EVEN);
    const seen = new Uint8Array(length);
    ones.set(this.#ones);
    seen.set(this.#seen);
    this.#ones = ones;
    this.#seen = seen;
  }
}
