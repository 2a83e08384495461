import type { FieldSpec, FieldValue, RecordColumn } from './field.ts';
import { type KindName, kindSpec } from './kinds.ts';
import type { Observation } from './reading.ts';
import { unpackRecords } from './records.ts';

export type JsonValue = string | number | boolean | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * The JSON view of an observation: `kind`, then its fields under the table's names in the table's JSON units (degrees,
 * metres, m/s, ISO 8601 times). The gateway's own time is `t` (ISO 8601), left out where it is not given.
 */
export function readingToJson(observation: Observation & { source?: string }, t?: number): Record<string, JsonValue> {
  const view: Record<string, JsonValue> = { kind: observation.kind };
  if (observation.source !== undefined) view['source'] = observation.source;
  if (t !== undefined) view['t'] = new Date(t).toISOString();
  return Object.assign(view, fieldsToJson(observation.kind, observation.fields));
}

/** The JSON view of a kind's fields alone. */
export function fieldsToJson(
  kind: KindName,
  fields: Readonly<Record<string, FieldValue | undefined>>,
): Record<string, JsonValue> {
  const view: Record<string, JsonValue> = {};
  for (const [name, field] of Object.entries(kindSpec(kind).fields)) {
    const value = fields[name];
    if (value !== undefined) view[name] = valueToJson(field, value);
  }
  return view;
}

function valueToJson(field: FieldSpec, value: FieldValue): JsonValue {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (field.type !== 'int') return value;
    if (field.format === 'time') return new Date(value).toISOString();
    return field.format === 'flag' ? value === 1 : decimal(value, field.digits);
  }
  if (field.type !== 'records') return hex(value);
  const rows = unpackRecords(field, value);
  if (rows === undefined) return hex(value);
  return rows.map((row) => {
    const cells: Record<string, JsonValue> = {};
    for (const [name, column] of Object.entries(field.columns)) {
      const cell = row[name];
      if (cell !== undefined) cells[name] = cellToJson(column, cell);
    }
    return cells;
  });
}

const cellToJson = (column: RecordColumn, cell: number): JsonValue =>
  column.format === 'flag' ? cell === 1 : decimal(cell, column.digits);

/** Divides by an exact power of ten: the quotient is the double nearest to the decimal value. */
const decimal = (value: number, digits: number): number => (digits === 0 ? value : value / 10 ** digits);

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
