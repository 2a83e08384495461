import {
  type FieldSpec,
  type FieldValue,
  type KindName,
  kindByNumber,
  kindSpec,
  type Reading,
} from '../readings/index.ts';
import { decodeCbor } from './cbor.ts';
import type { CborMap, CborValue } from './cbor-value.ts';
import { CborWriter } from './cbor-writer.ts';
import { MAX_TIME } from './limits.ts';
import { asInt } from './members.ts';
import type { ProofSource } from './payload.ts';
import { ProofError } from './reasons.ts';

/** A field of a kind as rows and columns see it. */
export interface RowField {
  readonly name: string;
  readonly key: number;
  readonly type: 'int' | 'text' | 'bytes';
}

export type FieldValues = Readonly<Record<string, FieldValue | undefined>>;

const cache = new Map<KindName, readonly RowField[]>();

/** A kind's fields by rising key: the order of a row's map and of a stream's columns. */
export function rowFields(kind: KindName): readonly RowField[] {
  const known = cache.get(kind);
  if (known !== undefined) return known;
  const fields = Object.entries(kindSpec(kind).fields)
    .map(([name, spec]) => ({ name, key: spec.key, type: wireType(spec) }))
    .sort((a, b) => a.key - b.key);
  cache.set(kind, fields);
  return fields;
}

const wireType = (spec: FieldSpec): RowField['type'] => (spec.type === 'records' ? 'bytes' : spec.type);

/**
 * Writes a row: [kind number, source index, t in ms, {field key: value}], deterministic, and what a leaf's hash covers.
 */
export function writeRow(writer: CborWriter, kind: KindName, source: number, t: number, values: FieldValues): void {
  const fields = rowFields(kind);
  let present = 0;
  for (const field of fields) if (values[field.name] !== undefined) present += 1;
  writer.array(4);
  writer.int(kindSpec(kind).number);
  writer.int(source);
  writer.int(t);
  writer.map(present);
  for (const { key, name } of fields) {
    const value = values[name];
    if (value === undefined) continue;
    writer.int(key);
    writer.value(value);
  }
}

/** The row of a reading by itself. */
export function encodeRow(reading: Reading, sourceIndex: number): Uint8Array {
  const writer = new CborWriter(256);
  writeRow(writer, reading.kind, sourceIndex, reading.t, reading.fields);
  return writer.take();
}

const scratch = new CborWriter(1_024);

/**
 * How many bytes the row of a reading takes: a safe upper bound of what the reading takes in a block, nearly always.
 * Every reading is measured as it comes, so nothing is allocated for it.
 */
export function rowSize(reading: Reading, sourceIndex: number): number {
  scratch.rewind(0);
  writeRow(scratch, reading.kind, sourceIndex, reading.t, reading.fields);
  return scratch.length;
}

/** Reads one row strictly. Throws ProofError: `range` for a kind or field that the table does not have. */
export function decodeRow(bytes: Uint8Array, sources: readonly ProofSource[]): Reading {
  const row = decodeCbor(bytes);
  if (!Array.isArray(row) || row.length !== 4) throw new ProofError('parse', 'a row is not an array of four');
  const kind = kindOf(asInt(row[0], 'a kind number'));
  const source = sources[asInt(row[1], 'a source index')]?.source;
  if (source === undefined) throw new ProofError('parse', 'a row of a source that the proof does not list');
  const map: CborValue | undefined = row[3];
  if (!(map instanceof Map)) throw new ProofError('parse', "a row's fields are not a map");
  return toReading(kind, source, asInt(row[2], 'a time'), fieldValues(kind, map));
}

function fieldValues(kind: KindName, map: CborMap): FieldValues {
  const values: Record<string, FieldValue> = {};
  for (const [key, value] of map) {
    const field = rowFields(kind).find((candidate) => candidate.key === key);
    if (field === undefined) throw new ProofError('range', `${kind} has no field ${key}`);
    if (!isOfType(value, field.type))
      throw new ProofError('range', `${kind} ${field.name} is not of type ${field.type}`);
    values[field.name] = value instanceof Uint8Array ? new Uint8Array(value) : value;
  }
  return values;
}

function isOfType(value: CborValue, type: RowField['type']): value is FieldValue {
  if (type === 'int') return typeof value === 'number';
  return type === 'text' ? typeof value === 'string' : value instanceof Uint8Array;
}

/** The kind of a number from outside. Throws ProofError `range` for one that the table does not have. */
export function kindOf(number: number): KindName {
  const kind = kindByNumber(number);
  if (kind === undefined) throw new ProofError('range', `no kind has the number ${number}`);
  return kind;
}

/**
 * The boundary at which untyped fields, each of its table's type, become a reading. Throws ProofError `range` for a time
 * that no calendar has. The bounds of the fields are `checkRanges`'s.
 */
export function toReading(kind: KindName, source: string, t: number, fields: FieldValues): Reading {
  if (t < 0 || t > MAX_TIME) throw new ProofError('range', `a reading of the time ${t}`);
  return { kind, source, t, fields } as Reading;
}
