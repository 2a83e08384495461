import type { FieldSpec, FieldValue } from './field.ts';
import { type KindName, kindSpec } from './kinds.ts';
import { unpackRecords } from './records.ts';

/** A field that is missing, of the wrong type, or outside the bounds of its kind's table. */
export interface RangeFault {
  readonly field: string;
  readonly fault: string;
}

/** Holds a reading's fields against the table of kinds; an empty list is a good reading. */
export function checkRanges(kind: KindName, fields: Readonly<Record<string, FieldValue | undefined>>): RangeFault[] {
  const spec = kindSpec(kind);
  const faults: RangeFault[] = [];
  for (const name of spec.required) {
    if (fields[name] === undefined) faults.push({ field: name, fault: 'missing' });
  }
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    const field = Object.hasOwn(spec.fields, name) ? spec.fields[name] : undefined;
    const fault = field === undefined ? 'unknown field' : faultOf(field, value);
    if (fault !== undefined) faults.push({ field: name, fault });
  }
  return faults;
}

function faultOf(field: FieldSpec, value: FieldValue): string | undefined {
  switch (field.type) {
    case 'int':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'not an integer';
      return value < field.min || value > field.max ? `outside ${field.min} to ${field.max}` : undefined;
    case 'text':
      if (typeof value !== 'string') return 'not a text';
      return utf8Length(value) > field.max ? `longer than ${field.max} bytes` : undefined;
    case 'bytes':
      if (!(value instanceof Uint8Array)) return 'not a byte string';
      return value.length > field.max ? `longer than ${field.max} bytes` : undefined;
    case 'records': {
      if (!(value instanceof Uint8Array)) return 'not a byte string';
      const rows = unpackRecords(field, value);
      if (rows === undefined) return 'not a whole number of rows, or too many';
      for (const row of rows) {
        for (const [name, column] of Object.entries(field.columns)) {
          const cell = row[name];
          if (cell !== undefined && (cell < column.min || cell > column.max)) {
            return `${name} outside ${column.min} to ${column.max}`;
          }
        }
      }
      return undefined;
    }
  }
}

const encoder = new TextEncoder();
const utf8Length = (text: string): number => encoder.encode(text).length;
