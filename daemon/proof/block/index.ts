import { primitives } from '#crypto';
import type { Reading } from '../../readings/index.ts';
import { decodeCbor, encodeCbor, equalBytes } from '../cbor.ts';
import { ProofError } from '../reasons.ts';
import { encodeColumns } from './columns.ts';

export { decodeColumns } from './columns.ts';

/** A block's parts, still packed. */
export interface BlockEnvelope {
  /** 32 bytes that the salts are made of. */
  readonly secret: Uint8Array;
  readonly columns: Uint8Array;
}

/** The one way of packing columns so far. */
const CODEC = 1;
const SECRET_BYTES = 32;
const CHECK_BYTES = 4;

/** Packs readings: CBOR of [codec, secret, columns, check]; nothing at all where there are none. */
export function encodeBlock(
  readings: readonly Reading[],
  sourceIndex: (source: string) => number,
  secret: Uint8Array,
): Uint8Array {
  if (readings.length === 0) return new Uint8Array(0);
  const columns = encodeColumns(readings, sourceIndex);
  return encodeCbor([CODEC, secret, columns, checkOf(secret, columns)]);
}

/** Opens a block as far as its check tells that no byte of it was changed on the way. Throws ProofError `block`. */
export function openBlock(block: Uint8Array, size: number): BlockEnvelope | undefined {
  if (size === 0) {
    if (block.length > 0) throw new ProofError('block', 'a block where there are no readings');
    return undefined;
  }
  const parts = decodeCbor(block);
  if (!Array.isArray(parts) || parts.length !== 4) throw new ProofError('block', 'not an array of four');
  const [codec, secret, columns, check] = parts;
  if (codec !== CODEC) throw new ProofError('block', 'a codec of no known number');
  if (!(secret instanceof Uint8Array) || secret.length !== SECRET_BYTES) throw new ProofError('block', 'no secret');
  if (!(columns instanceof Uint8Array) || !(check instanceof Uint8Array)) throw new ProofError('block', 'no columns');
  if (!equalBytes(checkOf(secret, columns), check)) throw new ProofError('block', 'its bytes were changed on the way');
  return { secret, columns };
}

/** First bytes of SHA-256(secret || columns): an arithmetic code has bits to spare at its end, and this leaves none. */
function checkOf(secret: Uint8Array, columns: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(secret.length + columns.length);
  bytes.set(secret);
  bytes.set(columns, secret.length);
  return primitives.sha256(bytes).subarray(0, CHECK_BYTES);
}
