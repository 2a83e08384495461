import type { RecordColumn, RecordsField } from './field.ts';

/** Bytes of one row of a packed table. */
export function recordWidth(spec: RecordsField): number {
  let width = 0;
  for (const column of Object.values(spec.columns)) width += column.bytes;
  return width;
}

/** One row of a packed table, by column name; `undefined` stands for the column's `none`. */
export type RecordRow = Readonly<Record<string, number | undefined>>;

/** Packs rows into the byte string that is signed: columns in table order, little-endian. Rows past `max` are left out. */
export function packRecords(spec: RecordsField, rows: readonly RecordRow[]): Uint8Array {
  const kept = rows.length > spec.max ? rows.slice(0, spec.max) : rows;
  const packed = new Uint8Array(kept.length * recordWidth(spec));
  const view = new DataView(packed.buffer);
  let offset = 0;
  for (const row of kept) {
    for (const [name, column] of Object.entries(spec.columns)) {
      writeColumn(view, offset, column, row[name] ?? column.none ?? 0);
      offset += column.bytes;
    }
  }
  return packed;
}

/** Unpacks what `packRecords` packed. Undefined where the length is not a whole number of rows or exceeds `max` rows. */
export function unpackRecords(spec: RecordsField, packed: Uint8Array): RecordRow[] | undefined {
  const width = recordWidth(spec);
  if (packed.length % width !== 0 || packed.length / width > spec.max) return undefined;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const rows: RecordRow[] = [];
  for (let offset = 0; offset < packed.length; ) {
    const row: Record<string, number | undefined> = {};
    for (const [name, column] of Object.entries(spec.columns)) {
      const value = readColumn(view, offset, column);
      row[name] = value === column.none ? undefined : value;
      offset += column.bytes;
    }
    rows.push(row);
  }
  return rows;
}

function writeColumn(view: DataView, offset: number, column: RecordColumn, value: number): void {
  if (column.bytes === 1) view.setUint8(offset, value);
  else if (column.bytes === 2) view.setUint16(offset, value, true);
  else view.setUint32(offset, value, true);
}

function readColumn(view: DataView, offset: number, column: RecordColumn): number {
  if (column.bytes === 1) return column.signed ? view.getInt8(offset) : view.getUint8(offset);
  if (column.bytes === 2) return column.signed ? view.getInt16(offset, true) : view.getUint16(offset, true);
  return column.signed ? view.getInt32(offset, true) : view.getUint32(offset, true);
}
