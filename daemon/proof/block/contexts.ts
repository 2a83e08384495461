/** The probability that a bit is 1, out of 65,536, as it is before anything is known. */
const EVEN = 32_768;
const FAST = 16;
const SLOW = 128;

/**
 * What has been learnt of each context: two estimates of the probability of a 1, one that forgets fast and one that forgets slowly.
 * Both begin as plain averages. Their mean is what the coder goes by. Integers alone, so that every implementation agrees.
 */
export class Contexts {
  #fast = new Uint16Array(1024).fill(EVEN);
  #slow = new Uint16Array(1024).fill(EVEN);
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
    const mean = ((this.#fast[context] ?? EVEN) + (this.#slow[context] ?? EVEN)) >> 5;
    return mean === 0 ? 1 : mean;
  }

  learn(context: number, bit: number): void {
    const target = bit === 1 ? 65_535 : 0;
    const seen = this.#seen[context] ?? 0;
    const fast = this.#fast[context] ?? EVEN;
    const slow = this.#slow[context] ?? EVEN;
    this.#fast[context] = fast + Math.trunc((target - fast) / Math.min(seen + 2, FAST));
    this.#slow[context] = slow + Math.trunc((target - slow) / (seen + 2));
    if (seen < SLOW - 2) this.#seen[context] = seen + 1;
  }

  #grow(length: number): void {
    const fast = new Uint16Array(length).fill(EVEN);
    const slow = new Uint16Array(length).fill(EVEN);
    const seen = new Uint8Array(length);
    fast.set(this.#fast);
    slow.set(this.#slow);
    seen.set(this.#seen);
    this.#fast = fast;
    this.#slow = slow;
    this.#seen = seen;
  }
}
