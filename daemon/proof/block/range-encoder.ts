import type { Coder } from './coder.ts';
import { Contexts } from './contexts.ts';

const TOP = 0x1000000;

/**
 * Writes bits by binary arithmetic coding, with carries settled late (the range coder of LZMA, with 12-bit
 * probabilities).
 */
export class RangeEncoder implements Coder {
  readonly decoding = false;
  readonly #contexts = new Contexts();
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** Below 2^33: bit 32 is a carry that has not been settled. */
  #low = 0;
  #range = 0xffffffff;
  /** The last byte that a carry may still raise, and how many 0xff follow it. */
  #held = 0;
  #pending = 0;
  #begun = false;

  contexts(count: number): number {
    return this.#contexts.allocate(count);
  }

  bit(context: number, value: number): number {
    const ones = (this.#range >>> 12) * this.#contexts.probability(context);
    if (value === 1) this.#range = ones;
    else {
      this.#low += ones;
      this.#range -= ones;
    }
    this.#contexts.learn(context, value);
    while (this.#range < TOP) this.#shift();
    return value;
  }

  bits(width: number, value: number): number {
    for (let i = width - 1; i >= 0; i--) {
      this.#range >>>= 1;
      if (Math.floor(value / 2 ** i) % 2 === 1) this.#low += this.#range;
      while (this.#range < TOP) this.#shift();
    }
    return value;
  }

  /**
   * All that was written. Of the numbers that name it the roundest is taken, so one byte more is enough: a decoder
   * finds its last three bytes past the end and takes them for zeros.
   */
  finish(): Uint8Array {
    this.#low = Math.ceil(this.#low / TOP) * TOP;
    this.#shift();
    this.#shift();
    return this.#bytes.slice(0, this.#length);
  }

  #shift(): void {
    if (this.#low < 0xff000000 || this.#low > 0xffffffff) {
      const carry = this.#low > 0xffffffff ? 1 : 0;
      if (this.#begun) this.#put(this.#held + carry);
      for (; this.#pending > 0; this.#pending--) this.#put(0xff + carry);
      this.#held = (this.#low >>> 24) & 0xff;
      this.#begun = true;
    } else this.#pending += 1;
    this.#low = (this.#low % TOP) * 256;
    this.#range = (this.#range * 256) >>> 0;
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
}
