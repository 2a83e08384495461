import { MAX_CELLS, MAX_UNPACKED } from '../limits.ts';
import { ProofError } from '../reasons.ts';
import type { Coder } from './coder.ts';
import type { Codes } from './codes.ts';
import { Scale } from './residual.ts';

/** What a block may still unpack to: bytes of byte strings, and values. A few bytes can claim a great many. */
export interface Budget {
  bytes: number;
  cells: number;
}

export const newBudget = (): Budget => ({ bytes: MAX_UNPACKED, cells: MAX_CELLS });

/**
 * A column of byte strings: each told by how its length changed, then byte by byte whether it is the former one's at
 * its place.
 */
export function codeByteStrings(
  { bits: coder, residuals }: Codes,
  column: Uint8Array[],
  present: Uint8Array,
  budget: Budget,
): void {
  const same = coder.contexts(2);
  const tree = coder.contexts(256);
  const scale = new Scale();
  let before: Uint8Array = new Uint8Array(0);
  for (let row = 0; row < present.length; row++) {
    if (present[row] === 0) continue;
    const given = column[row] ?? before;
    const length = before.length + residuals.code(scale, given.length - before.length);
    budget.bytes -= length;
    if (length < 0 || budget.bytes < 0)
      throw new ProofError('block', `byte strings of more than ${MAX_UNPACKED} bytes`);
    const value = coder.decoding ? new Uint8Array(length) : given;
    let matched = 0;
    for (let i = 0; i < length; i++) {
      const former = before[i] ?? 0;
      const byte = given[i] ?? 0;
      matched = coder.bit(same + matched, byte === former ? 1 : 0);
      value[i] = matched === 1 ? former : codeByte(coder, tree, byte);
    }
    column[row] = value;
    before = value;
  }
}

/** Eight bits, highest first, each under a context of those before it. */
function codeByte(coder: Coder, tree: number, byte: number): number {
  let node = 1;
  for (let i = 7; i >= 0; i--) node = 2 * node + coder.bit(tree + node, (byte >> i) & 1);
  return node - 256;
}
