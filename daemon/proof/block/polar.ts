import { clamp, type Series, wrap } from './column.ts';

/** Half a turn, and the length of a unit vector, in the integers that sines are reckoned in. */
const HALF_TURN = 32_768;
const UNIT = 16_384;

/**
 * The two components of a vector that two columns give as length and angle (speed and track): what a position moves by.
 * Not stored, only drawn on for predictions, so an approximate sine will do, if all agree on it: Bhaskara I's, 16 x (h
 * - x) / (5 h^2 - 4 x (h - x)) for x of half a turn h, in integers rounded down.
 */
export function components(length: Float64Array, angle: Float64Array, turn: number): [cos: Series, sin: Series] {
  const rows = length.length;
  const cos = { values: new Float64Array(rows), deltas: new Float64Array(rows) };
  const sin = { values: new Float64Array(rows), deltas: new Float64Array(rows) };
  const quarter = Math.floor(turn / 4);
  for (let row = 0; row < rows; row++) {
    const far = clamp(length[row] ?? 0);
    const direction = wrap(angle[row] ?? 0, turn);
    cos.values[row] = Math.floor((far * sine(wrap(direction + quarter, turn), turn)) / UNIT);
    sin.values[row] = Math.floor((far * sine(direction, turn)) / UNIT);
    cos.deltas[row] = row === 0 ? 0 : (cos.values[row] ?? 0) - (cos.values[row - 1] ?? 0);
    sin.deltas[row] = row === 0 ? 0 : (sin.values[row] ?? 0) - (sin.values[row - 1] ?? 0);
  }
  return [cos, sin];
}

/** In 16,384ths. */
function sine(angle: number, turn: number): number {
  const x = Math.floor((angle * 2 * HALF_TURN) / turn);
  const rising = x % HALF_TURN;
  const product = rising * (HALF_TURN - rising);
  const magnitude = Math.floor((16 * product * UNIT) / (5 * HALF_TURN * HALF_TURN - 4 * product));
  return x < HALF_TURN ? magnitude : -magnitude;
}
