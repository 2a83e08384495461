import type { Reading } from '../readings/index.ts';
import { openBlock } from './block/index.ts';
import { equalBytes } from './cbor.ts';
import { checkSign1, openSign1 } from './cose.ts';
import { indexOfSource, PROOF_TYPE } from './draft.ts';
import { fromHex, toHex } from './hex.ts';
import { thumbprint } from './key.ts';
import { hashLeaf, hashLeaves, leafOf } from './leaves.ts';
import { MAX_MESSAGE } from './limits.ts';
import { merklePath, verifyMerklePath } from './merkle.ts';
import { decodePayload, type Payload } from './payload.ts';
import { openReadings, type Proof } from './proof.ts';
import { ProofError } from './reasons.ts';
import { decodeRow } from './row.ts';
import { SALT_BYTES } from './salts.ts';
import type { PublicKey } from './signature.ts';

/** One reading of a proof, provable by itself: nothing can be learnt from it about the others but their number. */
export interface ReadingProof {
  readonly row: Uint8Array;
  readonly salt: Uint8Array;
  readonly index: number;
  readonly size: number;
  /** Sibling hashes from the leaf up (RFC 9162, section 2.1.3). */
  readonly path: readonly Uint8Array[];
  /** The proof's COSE_Sign1, without its block. */
  readonly cose: Uint8Array;
}

/**
 * Takes one reading out of a proof. Throws ProofError where the block is not good; RangeError for an index outside it.
 */
export function proveReading(proof: Proof, index: number): ReadingProof {
  const readings = openReadings(proof);
  const reading = readings[index];
  const envelope = openBlock(proof.block, proof.payload.size);
  if (reading === undefined || envelope === undefined)
    throw new RangeError(`no reading ${index} among ${readings.length}`);
  const sourceIndex = indexOfSource(proof.payload.sources);
  const path = merklePath(hashLeaves(readings, sourceIndex, envelope.secret), index);
  const leaf = leafOf(reading, index, sourceIndex(reading.source), envelope.secret);
  return { ...leaf, index, size: readings.length, path, cose: proof.cose };
}

/** Verifies a reading taken out of a proof: signature, size, path. Throws ProofError. */
export function verifyReading(
  disclosed: ReadingProof,
  key: PublicKey,
): { readonly reading: Reading; readonly payload: Payload; readonly digest: Uint8Array } {
  if (disclosed.cose.length > MAX_MESSAGE || disclosed.row.length > MAX_MESSAGE) {
    throw new ProofError('size', `longer than ${MAX_MESSAGE} bytes`);
  }
  const sign1 = openSign1(new Uint8Array(disclosed.cose), PROOF_TYPE);
  if (!equalBytes(sign1.kid, thumbprint(key))) throw new ProofError('unknown-device', "not the key's id");
  checkSign1(sign1, key);
  const payload = decodePayload(sign1.payload);
  if (payload.size !== disclosed.size) throw new ProofError('root', 'the size is not the one signed');
  if (disclosed.salt.length !== SALT_BYTES) throw new ProofError('parse', `a salt of not ${SALT_BYTES} bytes`);
  const { index, size, path } = disclosed;
  if (!verifyMerklePath(hashLeaf(disclosed), index, size, path, payload.root)) {
    throw new ProofError('root', 'the path does not lead from the reading to the root signed');
  }
  return { reading: decodeRow(disclosed.row, payload.sources), payload, digest: sign1.digest };
}

/** A disclosed reading as JSON: all bytes in hexadecimal. */
export interface ReadingProofJson {
  readonly row: string;
  readonly salt: string;
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
  readonly cose: string;
}

export function readingProofToJson({ row, salt, index, size, path, cose }: ReadingProof): ReadingProofJson {
  return { row: toHex(row), salt: toHex(salt), index, size, path: path.map(toHex), cose: toHex(cose) };
}

/** Reads what `readingProofToJson` wrote. Throws ProofError `parse`. */
export function readingProofFromJson(json: unknown): ReadingProof {
  if (typeof json !== 'object' || json === null) throw new ProofError('parse', 'not a JSON object');
  const member = (name: string): unknown => (Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined);
  const path = member('path');
  if (!Array.isArray(path)) throw new ProofError('parse', 'path is not an array');
  return {
    row: hexMember(member('row'), 'row'),
    salt: hexMember(member('salt'), 'salt'),
    index: countMember(member('index'), 'index'),
    size: countMember(member('size'), 'size'),
    path: path.map((item) => hexMember(item, 'path')),
    cose: hexMember(member('cose'), 'cose'),
  };
}

function hexMember(value: unknown, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined;
  if (bytes === undefined) throw new ProofError('parse', `${name} is not hexadecimal`);
  return bytes;
}

function countMember(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ProofError('parse', `${name} is not a count`);
  }
  return value;
}
