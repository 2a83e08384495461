import { ProofError } from '../reasons.ts';
import { powerOf2 } from './coder.ts';
import type { Codes } from './codes.ts';
import { Scale } from './residual.ts';

/** What a prediction draws on: a column's value in each row, and how far it moved from the value before. */
export interface Series {
  readonly values: Float64Array;
  readonly deltas: Float64Array;
}

/** One term of a prediction: a weight on a movement (or a value) of this column or one before it in the stream. */
export interface Tap {
  /** 0 is the column itself; n is the stream's n-th series. */
  series: number;
  /** How many of its own values, or rows of another series, back. */
  lag: number;
  /** Draw on the value, not on how far it moved. */
  level: boolean;
  /** In 65,536ths. */
  weight: number;
}

/** Numbers by which a column's own taps are named, from 1. */
export const MAX_OWN = 7;
const FIRST_SUM = 5;
/** Weights are 65,536ths. */
export const ONE = 65_536;
export const MAX_WEIGHT = 2 ** 26;
export const MAX_MODULUS = 2 ** 32;
export const MAX_BIAS = 2 ** 40;
export const MAX_DRIFT = 2 ** 48;
const MAX_EXPONENT = 15;
/** Terms beyond it count as it, so that 15 of them, weighted, stay below 2^52. */
export const TERM_CAP = 2 ** 22;

/** How an integer column is predicted. An encoder is free to choose; a decoder is told. */
export interface Prediction {
  /** Values go round: the smallest that is not reached (36,000,000 for 360 degrees), or 0. */
  modulus: number;
  /** The first value is told as its distance from the row's time. */
  nearTime: boolean;
  taps: Tap[];
  /** Added to the weighted terms, in 256ths. */
  bias: number;
  /** How far the column moves as a rule: added to what is expected, taken off what its own taps draw on. */
  drift: number;
}

/** Codes how a column is predicted from itself and the `known` series before it. */
export function codePrediction({ bits, layout, weights, values }: Codes, given: Prediction, known: number): Prediction {
  const nearTime = bits.bits(1, given.nearTime ? 1 : 0) === 1;
  const modulus = layout.uint(given.modulus);
  const drift = values.int(given.drift);
  const taps: Tap[] = [];
  const count = bits.bits(4, given.taps.length);
  for (let i = 0; i < count; i++) {
    const tap = given.taps[i] ?? NO_TAP;
    const series = bits.bits(6, tap.series);
    const lag = bits.bits(3, tap.lag);
    const level = bits.bits(1, tap.level ? 1 : 0) === 1;
    const exponent = bits.bits(4, exponentOf(tap.weight));
    const weight = weights.int(tap.weight / 2 ** exponent) * 2 ** exponent;
    if (series > known || Math.abs(weight) > MAX_WEIGHT) throw new ProofError('block', 'a tap out of bounds');
    taps.push({ series, lag, level, weight });
  }
  const bias = count === 0 ? 0 : weights.int(given.bias);
  if (modulus > MAX_MODULUS || Math.abs(bias) > MAX_BIAS || Math.abs(drift) > MAX_DRIFT) {
    throw new ProofError('block', 'a prediction out of bounds');
  }
  return { modulus, nearTime, taps, bias, drift };
}

/** How many times two goes into a weight, to MAX_EXPONENT: told apart, round weights are short. */
function exponentOf(weight: number): number {
  let exponent = 0;
  while (exponent < MAX_EXPONENT && weight !== 0 && weight % 2 ** (exponent + 1) === 0) exponent += 1;
  return exponent;
}

const NO_TAP: Tap = { series: 0, lag: 0, level: false, weight: 0 };

/** Codes the present values of an integer column, and fills in how far each moved; when decoding, the values too. */
export function codeIntegers(
  { values: firsts, residuals }: Codes,
  prediction: Prediction,
  column: Series,
  present: Uint8Array,
  others: readonly Series[],
  time: Float64Array,
): void {
  const { modulus, taps, drift } = prediction;
  const { values, deltas } = column;
  const half = Math.floor(modulus / 2);
  const scale = new Scale();
  const own = new Float64Array(1 + MAX_OWN);
  const remembered = taps.reduce((most, tap) => (tap.series === 0 ? Math.max(most, tap.lag) : most), 0);
  let before: number | undefined;
  for (let row = 0; row < values.length; row++) {
    if (present[row] === 0) continue;
    const given = values[row] ?? 0;
    if (before === undefined) {
      const origin = prediction.nearTime ? (time[row] ?? 0) : 0;
      before = origin + firsts.int(given - origin);
      if (!Number.isSafeInteger(before)) throw new ProofError('block', 'a value beyond 2^53');
      values[row] = before;
      continue;
    }
    let sum = 256 * prediction.bias + ONE / 2;
    for (const tap of taps) sum += tap.weight * term(tap, own, others, row);
    const expected = before + drift + Math.floor(sum / ONE);
    let value: number;
    let delta: number;
    if (modulus === 0) {
      value = expected + residuals.code(scale, given - expected);
      delta = value - before;
    } else {
      value = wrap(expected + residuals.code(scale, wrap(given - expected + half, modulus) - half), modulus);
      delta = wrap(value - before + half, modulus) - half;
    }
    if (!Number.isSafeInteger(value)) throw new ProofError('block', 'a value beyond 2^53');
    values[row] = value;
    deltas[row] = delta;
    if (remembered > 0) remember(own, delta - drift, remembered);
    before = value;
  }
}

/**
 * Takes a movement into what a column's own taps can draw on: 1 to 4 are the last four movements, 5 to 7 are sums of
 * all that fade by a quarter, an eighth and a sixteenth at each step. Those past `most` are left as they are.
 */
export function remember(own: Float64Array, delta: number, most: number): void {
  own[4] = own[3] ?? 0;
  own[3] = own[2] ?? 0;
  own[2] = own[1] ?? 0;
  own[1] = delta;
  for (let tap = FIRST_SUM; tap <= most; tap++) {
    const sum = own[tap] ?? 0;
    own[tap] = clamp(sum - Math.floor(sum / powerOf2(tap - 3)) + delta);
  }
}

/** The remainder with the sign of the divisor. */
export const wrap = (value: number, modulus: number): number => value - Math.floor(value / modulus) * modulus;

function term(tap: Tap, own: Float64Array, others: readonly Series[], row: number): number {
  if (tap.series === 0) return clamp(own[tap.lag] ?? 0);
  const series = others[tap.series - 1];
  return clamp((tap.level ? series?.values : series?.deltas)?.[row - tap.lag] ?? 0);
}

export const clamp = (value: number): number => Math.max(-TERM_CAP, Math.min(TERM_CAP, value));
