import { bitLength, type Coder, powerOf2 } from './coder.ts';
import { NumberCoder } from './numbers.ts';

/** Steps of a half octave of scale that have contexts of their own; louder residuals share the last two. */
const SCALES = 14;
const UNARY = 20;
const SCALE_CAP = 2 ** 40;
const RATE = 30;

/**
 * Codes what prediction left over. A residual is told in steps that grow with the recent ones (an adaptive Golomb-Rice
 * code, its unary part under adaptive contexts), and all columns share the contexts: counted in steps, their residuals
 * are of one shape.
 */
export class ResidualCoder {
  readonly #coder: Coder;
  readonly #unary: number;
  readonly #excess: NumberCoder;

  constructor(coder: Coder) {
    this.#coder = coder;
    this.#unary = coder.contexts(SCALES * UNARY);
    this.#excess = new NumberCoder(coder);
  }

  code(scale: Scale, residual: number): number {
    const coder = this.#coder;
    const magnitude = Math.abs(residual);
    const octave = bitLength(scale.mean);
    // The bit below the highest tells the half of the octave.
    const half = octave < 2 ? 0 : Math.floor(scale.mean / powerOf2(octave - 2)) % 2;
    const step = Math.max(0, octave - 6);
    const contexts = this.#unary + UNARY * Math.min(2 * octave + half, SCALES - 2 + half);
    const low = powerOf2(step);
    const steps = Math.floor(magnitude / low);
    let whole = 0;
    while (whole < UNARY && coder.bit(contexts + whole, steps > whole ? 1 : 0) === 1) whole += 1;
    if (whole === UNARY) whole += this.#excess.uint(Math.max(0, steps - UNARY));
    const decoded = whole * low + coder.bits(step, magnitude % low);
    scale.learn(decoded);
    if (decoded === 0) return 0;
    return coder.bits(1, residual < 0 ? 1 : 0) === 1 ? -decoded : decoded;
  }
}

/** How large a column's residuals have been: sixteen times their mean magnitude, the later the weightier. */
export class Scale {
  mean = 0;
  #seen = 0;

  learn(magnitude: number): void {
    if (this.#seen < RATE) this.#seen += 1;
    this.mean += Math.trunc((16 * Math.min(magnitude, SCALE_CAP) - this.mean) / this.#seen);
  }
}
