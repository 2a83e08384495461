import type { FieldValue, KindName, Reading } from '../../readings/index.ts';
import type { ProofSource } from '../payload.ts';
import { ProofError } from '../reasons.ts';
import { kindOf, rowFields, toReading } from '../row.ts';
import { type Budget, newBudget } from './bytes.ts';
import type { Coder } from './coder.ts';
import { codesOf } from './codes.ts';
import { codeOrder } from './order.ts';
import { blankStream, type Group, planStream } from './plan.ts';
import { RangeDecoder } from './range-decoder.ts';
import { RangeEncoder } from './range-encoder.ts';
import { type Column, codeStream, type Stream } from './stream.ts';

const MAX_STREAMS = 512;

/** Packs readings, in their order, into columns: one stream for each kind of each source. */
export function encodeColumns(readings: readonly Reading[], sourceIndex: (source: string) => number): Uint8Array {
  const groups = new Map<string, Group & { readonly index: number }>();
  const order = new Uint16Array(readings.length);
  for (const [i, reading] of readings.entries()) {
    const source = sourceIndex(reading.source);
    const name = `${source} ${reading.kind}`;
    let group = groups.get(name);
    if (group === undefined) {
      group = { index: groups.size, kind: reading.kind, source, readings: [] };
      groups.set(name, group);
    }
    group.readings.push(reading);
    order[i] = group.index;
  }
  if (groups.size > MAX_STREAMS) throw new ProofError('size', `more than ${MAX_STREAMS} kinds of sources`);
  const encoder = new RangeEncoder();
  codeColumns(encoder, order, [...groups.values()].map(planStream));
  return encoder.finish();
}

/** Unpacks `size` readings. Throws ProofError `block`, or `range` for a kind or field that the table does not have. */
export function decodeColumns(columns: Uint8Array, sources: readonly ProofSource[], size: number): Reading[] {
  const decoder = new RangeDecoder(columns);
  const order = new Uint16Array(size);
  const streams = codeColumns(decoder, order, []);
  decoder.end();
  const readers = streams.map((stream) => new StreamReader(stream, sources));
  const readings: Reading[] = [];
  for (const index of order) {
    const reader = readers[index];
    if (reader !== undefined) readings.push(reader.next());
  }
  return readings;
}

/** The whole layout: how many streams; each one's kind, source and rows; the order of the readings; the streams. */
export function codeColumns(coder: Coder, order: Uint16Array, streams: Stream[]): Stream[] {
  const codes = codesOf(coder);
  const count = codes.layout.uint(streams.length);
  if (count === 0 || count > MAX_STREAMS) throw new ProofError('block', `not 1 to ${MAX_STREAMS} streams`);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const kind = codes.layout.uint(streams[i]?.kind ?? 0);
    const source = codes.layout.uint(streams[i]?.source ?? 0);
    const rows = codes.layout.uint(streams[i]?.rows ?? 0);
    total += rows;
    if (rows === 0 || total > order.length) throw new ProofError('block', 'not as many readings as the proof says');
    streams[i] ??= blankStream(kind, source, rows);
  }
  if (total !== order.length) throw new ProofError('block', 'not as many readings as the proof says');
  codeOrder(
    coder,
    order,
    streams.map(({ rows }) => rows),
  );
  const budget: Budget = newBudget();
  for (const stream of streams) codeStream(codes, stream, budget);
  return streams;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Gives the readings of a stream one by one. */
class StreamReader {
  readonly #kind: KindName;
  readonly #source: string;
  readonly #time: Float64Array;
  readonly #fields: readonly { name: string; present: Uint8Array; value(row: number): FieldValue }[];
  #row = 0;

  constructor(stream: Stream, sources: readonly ProofSource[]) {
    const source = sources[stream.source]?.source;
    if (source === undefined) throw new ProofError('block', 'a stream of a source that the proof does not list');
    this.#kind = kindOf(stream.kind);
    this.#source = source;
    this.#time = stream.time;
    const columns = stream.columns.filter((column) => column.type !== 'polar');
    if (new Set(columns.map(({ key }) => key)).size !== columns.length) {
      throw new ProofError('block', 'a stream with two columns of one field');
    }
    this.#fields = columns.map((column) => ({
      name: fieldName(this.#kind, column),
      present: column.present,
      value: readerOf(column),
    }));
  }

  next(): Reading {
    const row = this.#row++;
    const fields: Record<string, FieldValue> = {};
    for (const { name, present, value } of this.#fields) if (present[row] === 1) fields[name] = value(row);
    return toReading(this.#kind, this.#source, this.#time[row] ?? 0, fields);
  }
}

type FieldColumn = Exclude<Column, { type: 'polar' }>;

function fieldName(kind: KindName, { key, type }: FieldColumn): string {
  const field = rowFields(kind).find((candidate) => candidate.key === key);
  if (field === undefined) throw new ProofError('range', `${kind} has no field ${key}`);
  if (field.type !== type) throw new ProofError('range', `${kind} ${field.name} is not of type ${type}`);
  return field.name;
}

function readerOf(column: FieldColumn): (row: number) => FieldValue {
  if (column.type === 'int') return (row) => column.values[row] ?? 0;
  if (column.type === 'bytes') return (row) => column.values[row] ?? new Uint8Array(0);
  return (row) => {
    try {
      return utf8.decode(column.values[row]);
    } catch {
      throw new ProofError('block', 'a text that is not UTF-8');
    }
  };
}
