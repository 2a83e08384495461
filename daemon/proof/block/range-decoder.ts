import { ProofError } from '../reasons.ts';
import type { Coder } from './coder.ts';
import { Contexts } from './contexts.ts';

const TOP = 0x1000000;
/** Zero bytes that the decoder reads past the end, always: the encoder leaves out what its last bits don't need. */
const SLACK = 3;

/** Reads what RangeEncoder wrote. */
export class RangeDecoder implements Coder {
  readonly decoding = true;
  readonly #contexts = new Contexts();
  readonly #bytes: Uint8Array;
  #at = 0;
  #code = 0;
  #range = 0xffffffff;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | (bytes[this.#at++] ?? 0)) >>> 0;
  }

  contexts(count: number): number {
    return this.#contexts.allocate(count);
  }

  bit(context: number): number {
    const ones = (this.#range >>> 12) * this.#contexts.probability(context);
    let value = 1;
    if (this.#code < ones) this.#range = ones;
    else {
      value = 0;
      this.#code -= ones;
      this.#range -= ones;
    }
    this.#contexts.learn(context, value);
    while (this.#range < TOP) this.#shift();
    return value;
  }

  bits(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      this.#range >>>= 1;
      value *= 2;
      if (this.#code >= this.#range) {
        this.#code -= this.#range;
        value += 1;
      }
      while (this.#range < TOP) this.#shift();
    }
    return value;
  }

  /** Every byte must have been read, and none be missing. Throws ProofError `block`. */
  end(): void {
    if (this.#at !== this.#bytes.length + SLACK)
      throw new ProofError('block', 'the columns do not end with their bytes');
  }

  #shift(): void {
    if (this.#at >= this.#bytes.length + SLACK) throw new ProofError('block', 'the columns are cut short');
    this.#code = ((this.#code << 8) | (this.#bytes[this.#at++] ?? 0)) >>> 0;
    this.#range = (this.#range * 256) >>> 0;
  }
}
