import type { Coder } from './coder.ts';
import { NumberCoder } from './numbers.ts';
import { ResidualCoder } from './residual.ts';

/** The codes of a block, each with contexts of its own, in the order in which they take them. */
export interface Codes {
  readonly bits: Coder;
  /** Counts, numbers of kinds, sources and fields, moduli. */
  readonly layout: NumberCoder;
  readonly weights: NumberCoder;
  /** Drifts and first values of columns. */
  readonly values: NumberCoder;
  readonly residuals: ResidualCoder;
}

export function codesOf(bits: Coder): Codes {
  const layout = new NumberCoder(bits);
  const weights = new NumberCoder(bits);
  const values = new NumberCoder(bits);
  return { bits, layout, weights, values, residuals: new ResidualCoder(bits) };
}
