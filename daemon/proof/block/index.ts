import { primitives } from '#crypto';
import type { Reading } from '../../readings/index.ts';
import { type CborValue, decodeCbor, encodeCbor, equalBytes } from '../cbor.ts';
import { CborWriter } from '../cbor-writer.ts';
import type { ProofSource } from '../payload.ts';
import { ProofError } from '../reasons.ts';
import { decodeRow, writeRow } from '../row.ts';

/** A block's parts, still packed. */
export interface BlockEnvelope {
  readonly codec: number;
  readonly secret: Uint8Array;
  readonly columns: Uint8Array;
}

const CHECK_BYTES = 4;

export function encodeBlock(
  readings: readonly Reading[],
  sourceIndex: (source: string) => number,
  secret: Uint8Array,
): Uint8Array {
  if (readings.length === 0) return new Uint8Array(0);
  const columns: Uint8Array[] = readings.map(({ kind, source, t, fields }) => {
    const writer = new CborWriter(256);
    writeRow(writer, kind, sourceIndex(source), t, fields);
    return writer.take();
  });
  const packed = encodeCbor(columns);
  return encodeCbor([0, secret, packed, checkOf(secret, packed)]);
}

export function decodeBlockEnvelope(block: Uint8Array, size: number): BlockEnvelope | undefined {
  if (size === 0) {
    if (block.length > 0) throw new ProofError('block', 'a block where there are no readings');
    return undefined;
  }
  const parts = decodeCbor(block);
  if (!Array.isArray(parts) || parts.length !== 4) throw new ProofError('block', 'not an array of four');
  const [codec, secret, columns, check] = parts;
  if (
    codec !== 0 ||
    !(secret instanceof Uint8Array) ||
    secret.length !== 32 ||
    !(columns instanceof Uint8Array) ||
    !(check instanceof Uint8Array)
  ) {
    throw new ProofError('block', 'not a block');
  }
  if (!equalBytes(checkOf(secret, columns), check)) throw new ProofError('block', 'check');
  return { codec, secret, columns };
}

export function decodeBlock(envelope: BlockEnvelope, sources: readonly ProofSource[], size: number): Reading[] {
  const rows: CborValue = decodeCbor(envelope.columns);
  if (!Array.isArray(rows) || rows.length !== size) throw new ProofError('block', 'size');
  return rows.map((row) => decodeRow(row, sources));
}

function checkOf(secret: Uint8Array, columns: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(secret.length + columns.length);
  bytes.set(secret);
  bytes.set(columns, secret.length);
  return primitives.sha256(bytes).slice(0, CHECK_BYTES);
}
