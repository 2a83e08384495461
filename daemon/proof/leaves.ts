import { primitives } from '#crypto';
import type { Reading } from '../readings/index.ts';
import { CborWriter } from './cbor-writer.ts';
import { HASH_BYTES } from './merkle.ts';
import { encodeRow, writeRow } from './row.ts';
import { SALT_BYTES, Salts } from './salts.ts';

/** A reading as a leaf's hash covers it. */
export interface Leaf {
  readonly row: Uint8Array;
  readonly salt: Uint8Array;
}

const SALT_AT = 1;
const ROW_AT = SALT_AT + SALT_BYTES;

/** Hashes readings to leaves: SHA-256(0x00 || salt || row), one after the other in one buffer. */
export function hashLeaves(
  readings: readonly Reading[],
  sourceIndex: (source: string) => number,
  secret: Uint8Array,
): Uint8Array {
  const leaves = new Uint8Array(readings.length * HASH_BYTES);
  const salts = new Salts(secret);
  const salt = new Uint8Array(SALT_BYTES);
  const writer = new CborWriter(512);
  for (const [i, { kind, source, t, fields }] of readings.entries()) {
    writer.rewind(0);
    writer.raw(0);
    salts.writeTo(salt, 0, i);
    writer.bytes(salt);
    writeRow(writer, kind, sourceIndex(source), t, fields);
    primitives.sha256Into(writer.since(0), leaves, i * HASH_BYTES);
  }
  return leaves;
}

/** The leaf of one reading. */
export function leafOf(reading: Reading, index: number, sourceIndex: number, secret: Uint8Array): Leaf {
  const salt = new Uint8Array(SALT_BYTES);
  new Salts(secret).writeTo(salt, 0, index);
  return { row: encodeRow(reading, sourceIndex), salt };
}

export function hashLeaf({ row, salt }: Leaf): Uint8Array {
  const bytes = new Uint8Array(ROW_AT + row.length);
  bytes.set(salt, SALT_AT);
  bytes.set(row, ROW_AT);
  return primitives.sha256(bytes);
}
