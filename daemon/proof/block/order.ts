import { ProofError } from '../reasons.ts';
import { bitLength, type Coder } from './coder.ts';

/**
 * Codes which stream each reading of the batch belongs to: the stream's number, bit by bit from the highest, under
 * contexts of the stream before. `rows` says how many each has; nothing is coded for a single stream.
 */
export function codeOrder(coder: Coder, order: Uint16Array, rows: readonly number[]): void {
  const width = bitLength(rows.length - 1);
  const left = [...rows];
  const contexts = new Map<number, number>();
  let before = 0;
  for (let i = 0; i < order.length; i++) {
    let base = contexts.get(before);
    if (base === undefined) {
      base = coder.contexts(2 ** width);
      contexts.set(before, base);
    }
    const given = order[i] ?? 0;
    let node = 1;
    for (let bit = width - 1; bit >= 0; bit--) node = 2 * node + coder.bit(base + node, (given >> bit) & 1);
    before = node - 2 ** width;
    const remaining = left[before] ?? 0;
    if (remaining === 0) throw new ProofError('block', 'a stream has more readings than it says');
    left[before] = remaining - 1;
    order[i] = before;
  }
}
