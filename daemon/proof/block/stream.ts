import { MAX_CELLS } from '../limits.ts';
import { ProofError } from '../reasons.ts';
import { type Budget, codeByteStrings } from './bytes.ts';
import type { Coder } from './coder.ts';
import type { Codes } from './codes.ts';
import { codeIntegers, codePrediction, MAX_MODULUS, type Prediction, type Series } from './column.ts';
import { components } from './polar.ts';

/** Readings of one kind from one source, field by field. */
export interface Stream {
  /** Kind number and source index. */
  kind: number;
  source: number;
  rows: number;
  time: Float64Array;
  timePrediction: Prediction;
  columns: Column[];
}

export interface IntColumn {
  type: 'int';
  key: number;
  present: Uint8Array;
  values: Float64Array;
  prediction: Prediction;
}

export interface BytesColumn {
  type: 'bytes' | 'text';
  key: number;
  present: Uint8Array;
  values: Uint8Array[];
}

/**
 * Tells that two series before it (numbered from 1) are a length and an angle: two more to draw on. Holds nothing
 * itself.
 */
export interface PolarColumn {
  type: 'polar';
  length: number;
  angle: number;
  turn: number;
}

export type Column = IntColumn | BytesColumn | PolarColumn;

const TYPES = ['int', 'bytes', 'text', 'polar'] as const;
/** Series that a tap can name. */
const MAX_SERIES = 63;
export const MAX_COLUMNS = 64;

/** Codes a stream whose kind, source and rows are settled. When decoding, fills in the rest. */
export function codeStream(codes: Codes, stream: Stream, budget: Budget): void {
  const { rows } = stream;
  const columns = codes.layout.uint(stream.columns.length);
  if (columns > MAX_COLUMNS) throw new ProofError('block', `more than ${MAX_COLUMNS} columns`);
  budget.cells -= rows * (1 + columns);
  if (budget.cells < 0) throw new ProofError('block', `more than ${MAX_CELLS} values`);
  const every = new Uint8Array(rows).fill(1);
  const time: Series = { values: stream.time, deltas: new Float64Array(rows) };
  stream.timePrediction = codePrediction(codes, stream.timePrediction, 0);
  codeIntegers(codes, stream.timePrediction, time, every, [], time.values);
  const series: Series[] = [time];
  for (let i = 0; i < columns; i++) {
    const type = TYPES[codes.bits.bits(2, TYPES.indexOf(stream.columns[i]?.type ?? 'int'))] ?? 'int';
    const column = stream.columns[i] ?? blank(type, rows);
    stream.columns[i] = column;
    if (column.type === 'polar') codePolar(codes, column, series);
    else {
      column.key = codes.layout.uint(column.key);
      codePresence(codes.bits, column.present);
      if (column.type === 'int') codeIntColumn(codes, column, series, time.values);
      else codeByteStrings(codes, column.values, column.present, budget);
    }
    if (series.length > MAX_SERIES) throw new ProofError('block', `more than ${MAX_SERIES} series`);
  }
}

function codeIntColumn(codes: Codes, column: IntColumn, series: Series[], time: Float64Array): void {
  const own: Series = { values: column.values, deltas: new Float64Array(column.values.length) };
  column.prediction = codePrediction(codes, column.prediction, series.length);
  codeIntegers(codes, column.prediction, own, column.present, series, time);
  series.push(own);
}

function codePolar(codes: Codes, column: PolarColumn, series: Series[]): void {
  column.length = codes.bits.bits(6, column.length);
  column.angle = codes.bits.bits(6, column.angle);
  column.turn = codes.layout.uint(column.turn);
  const length = series[column.length - 1];
  const angle = series[column.angle - 1];
  if (length === undefined || angle === undefined || column.turn < 4 || column.turn > MAX_MODULUS) {
    throw new ProofError('block', 'a polar pair out of bounds');
  }
  series.push(...components(length.values, angle.values, column.turn));
}

/** One bit for "in every row"; else one for each row, under a context of the row before. */
function codePresence(coder: Coder, present: Uint8Array): void {
  if (coder.bits(1, present.every((one) => one === 1) ? 1 : 0) === 1) {
    present.fill(1);
    return;
  }
  const contexts = coder.contexts(2);
  let before = 0;
  for (let row = 0; row < present.length; row++) {
    before = coder.bit(contexts + before, present[row] ?? 0);
    present[row] = before;
  }
}

function blank(type: Column['type'], rows: number): Column {
  const present = new Uint8Array(rows);
  if (type === 'polar') return { type, length: 0, angle: 0, turn: 0 };
  if (type !== 'int') return { type, key: 0, present, values: [] };
  return { type, key: 0, present, values: new Float64Array(rows), prediction: noPrediction() };
}

/** Each value is expected to be the one before it. */
export const noPrediction = (): Prediction => ({ modulus: 0, nearTime: false, taps: [], bias: 0, drift: 0 });
