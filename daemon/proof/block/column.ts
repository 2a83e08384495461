import { ProofError } from '../reasons.ts';
import { type Coder, codeInt, codeUint } from './coder.ts';
import type { ResidualCoder } from './residual.ts';
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

export const MAX_TAPS = 15;
export const MAX_LAG = 7;
/** Weights are 65,536ths. */
export const ONE = 65_536;
export const MAX_WEIGHT = 2 ** 19;
export const MAX_MODULUS = 2 ** 32;
export const MAX_BIAS = 2 ** 50;
/** Terms beyond it count as it, so that 15 of them, weighted, stay below 2^53. */
export const TERM_CAP = 2 ** 30;

/** How an integer column is predicted. An encoder is free to choose; a decoder is told. */
export interface Prediction {
  /** Values go round: the smallest that is not reached (36,000,000 for 360 degrees), or 0. */
  modulus: number;
  /** The first value is told as its distance from the row's time. */
  nearTime: boolean;
  taps: Tap[];
  /** Added to the weighted terms, in 65,536ths. */
  bias: number;
}

/** Codes how a column is predicted from itself and the `known` series before it. */
export function codePrediction(coder: Coder, prediction: Prediction, known: number): Prediction {
  const nearTime = coder.bits(1, prediction.nearTime ? 1 : 0) === 1;
  const modulus = codeUint(coder, prediction.modulus);
  const taps: Tap[] = [];
  const count = coder.bits(4, prediction.taps.length);
  for (let i = 0; i < count; i++) {
    const tap = prediction.taps[i] ?? NO_TAP;
    const series = coder.bits(6, tap.series);
    const lag = coder.bits(3, tap.lag);
    const level = coder.bits(1, tap.level ? 1 : 0) === 1;
    const weight = codeInt(coder, tap.weight);
    if (series > known || Math.abs(weight) > MAX_WEIGHT) throw new ProofError('block', 'a tap out of bounds');
    taps.push({ series, lag, level, weight });
  }
  const bias = codeInt(coder, prediction.bias);
  if (modulus > MAX_MODULUS || Math.abs(bias) > MAX_BIAS) throw new ProofError('block', 'a prediction out of bounds');
  return { modulus, nearTime, taps, bias };
}

const NO_TAP: Tap = { series: 0, lag: 0, level: false, weight: 0 };

/** An integer column while it is coded; absent values are NaN. */
export function codeIntegers(
  coder: Coder,
  residuals: ResidualCoder,
  prediction: Prediction,
  column: Series,
  present: Uint8Array,
  others: readonly Series[],
  time: Float64Array,
): void {
  const { modulus, taps } = prediction;
  const { values, deltas } = column;
  const half = Math.floor(modulus / 2);
  const scale = new Scale();
  const own = new Float64Array(MAX_LAG + 1);
  let before: number | undefined;
  for (let row = 0; row < values.length; row++) {
    if (present[row] === 0) continue;
    const given = values[row] ?? 0;
    if (before === undefined) {
      const origin = prediction.nearTime ? (time[row] ?? 0) : 0;
      before = origin + codeInt(coder, given - origin);
      values[row] = before;
      continue;
    }
    let sum = prediction.bias + ONE / 2;
    for (const tap of taps) sum += tap.weight * term(tap, own, others, row);
    const expected = before + Math.floor(sum / ONE);
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
    own.copyWithin(2, 1);
    own[1] = delta;
    before = value;
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
