import { type FieldSpec, type FieldValue, type KindName, kindSpec, type Reading } from '../../readings/index.ts';
import { rowFields } from '../row.ts';
import type { Series } from './column.ts';
import { deltasOf, fitPrediction } from './fit.ts';
import { components } from './polar.ts';
import { type Column, noPrediction, type Stream } from './stream.ts';

/**
 * What an encoder knows of a kind beside its table: fields that others are best told after, and velocities in polar
 * form.
 */
interface Hint {
  readonly first: readonly string[];
  readonly polar?: { readonly length: string; readonly angle: string };
}

const HINTS: Readonly<Partial<Record<KindName, Hint>>> = {
  'gnss.fix': { first: ['time', 'speed', 'track', 'climb'], polar: { length: 'speed', angle: 'track' } },
};
const NO_HINT: Hint = { first: [] };

/** Readings of one kind from one source, in batch order. */
export interface Group {
  readonly kind: KindName;
  readonly source: number;
  readonly readings: Reading[];
}

/** Lays out a stream and chooses how each of its columns is predicted. */
export function planStream({ kind, source, readings }: Group): Stream {
  const rows = readings.length;
  const time = Float64Array.from(readings, ({ t }) => t);
  const columns: Column[] = [];
  const every = new Uint8Array(rows).fill(1);
  const timeSeries = { values: time, deltas: deltasOf(time, every, 0) };
  const series: Series[] = [timeSeries];
  const numbers = new Map<string, number>();
  const hint = HINTS[kind] ?? NO_HINT;
  for (const field of inOrder(kind, hint)) {
    const values = readings.map(({ fields }): FieldValue | undefined => Reflect.get(fields, field.name));
    if (values.every((value) => value === undefined)) continue;
    const present = Uint8Array.from(values, (value) => (value === undefined ? 0 : 1));
    if (field.type === 'int') {
      const spec = kindSpec(kind).fields[field.name];
      const ints = Float64Array.from(values, integer);
      const modulus = turnOf(spec, ints);
      const column: Series = { values: ints, deltas: deltasOf(ints, present, modulus) };
      const nearTime = spec?.type === 'int' && spec.format === 'time';
      const prediction = fitPrediction(column, present, series, modulus, nearTime);
      columns.push({ type: 'int', key: field.key, present, values: ints, prediction });
      series.push(column);
      numbers.set(field.name, series.length);
    } else columns.push({ type: field.type, key: field.key, present, values: values.map(bytes) });
    const { polar } = hint;
    if (polar === undefined || field.name !== polar.angle) continue;
    const length = numbers.get(polar.length);
    const angle = numbers.get(polar.angle);
    const turn = fullTurn(kindSpec(kind).fields[polar.angle]);
    if (length === undefined || angle === undefined || turn === undefined) continue;
    columns.push({ type: 'polar', length, angle, turn });
    const lengths = series[length - 1];
    const angles = series[angle - 1];
    if (lengths !== undefined && angles !== undefined) series.push(...components(lengths.values, angles.values, turn));
  }
  const timePrediction = fitPrediction(timeSeries, every, [], 0, false);
  return { kind: kindSpec(kind).number, source, rows, time, timePrediction, columns };
}

function inOrder(kind: KindName, { first }: Hint): ReturnType<typeof rowFields> {
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);
  return [...rowFields(kind)].sort((a, b) => rank(a.name) - rank(b.name) || a.key - b.key);
}

/** 360 degrees in a field's integers, where the field is an angle that goes round. */
function fullTurn(spec: FieldSpec | undefined): number | undefined {
  if (spec?.type !== 'int' || spec.unit !== 'deg' || spec.min !== 0) return undefined;
  return spec.max === 360 * 10 ** spec.digits ? spec.max : undefined;
}

/** The modulus of a column: only where every value is below a full turn, for 360 degrees would come back as 0. */
function turnOf(spec: FieldSpec | undefined, values: Float64Array): number {
  const turn = fullTurn(spec);
  return turn !== undefined && values.every((value) => value >= 0 && value < turn) ? turn : 0;
}

const utf8 = new TextEncoder();

function integer(value: FieldValue | undefined): number {
  if (value === undefined) return 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
  return value;
}

function bytes(value: FieldValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return utf8.encode(typeof value === 'string' ? value : '');
}

/** A stream's values as they come out, before anything is known of them. */
export function blankStream(kind: number, source: number, rows: number): Stream {
  return { kind, source, rows, time: new Float64Array(rows), timePrediction: noPrediction(), columns: [] };
}
