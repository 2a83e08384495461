import { ProofError } from '../reasons.ts';
import { bitLength, type Coder } from './coder.ts';

const LENGTH_BITS = 6;
const LONGEST = 53;

/**
 * Codes whole numbers of any size, small ones in few bits: how many bits one more than the number has beyond its first,
 * in six bits under contexts, so that numbers of one sort come to cost what is usual among them; then those bits.
 */
export class NumberCoder {
  readonly #coder: Coder;
  readonly #contexts: number;

  constructor(coder: Coder) {
    this.#coder = coder;
    this.#contexts = coder.contexts(2 ** LENGTH_BITS);
  }

  /** From 0 to 2^53 - 1. */
  uint(value: number): number {
    const coder = this.#coder;
    const width = bitLength(value + 1) - 1;
    let node = 1;
    for (let bit = LENGTH_BITS - 1; bit >= 0; bit--) {
      node = 2 * node + coder.bit(this.#contexts + node, (width >> bit) & 1);
    }
    const length = node - 2 ** LENGTH_BITS;
    if (length > LONGEST) throw new ProofError('block', 'a number beyond 2^53');
    const high = 2 ** length;
    const decoded = high - 1 + coder.bits(length, value + 1 - high);
    if (decoded > Number.MAX_SAFE_INTEGER) throw new ProofError('block', 'a number beyond 2^53');
    return decoded;
  }

  /** Of either sign: the magnitude, then a bit for the sign unless it is 0. */
  int(value: number): number {
    const magnitude = this.uint(Math.abs(value));
    if (magnitude === 0) return 0;
    return this.#coder.bits(1, value < 0 ? 1 : 0) === 1 ? -magnitude : magnitude;
  }
}
