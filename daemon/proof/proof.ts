import type { Reading } from '../readings/index.ts';
import { decodeColumns, openBlock } from './block/index.ts';
import { decodeCbor, equalBytes } from './cbor.ts';
import { checkSign1, openSign1, type Sign1, sign1End } from './cose.ts';
import { indexOfSource, PROOF_TYPE } from './draft.ts';
import { kidToText, thumbprint } from './key.ts';
import { hashLeaves } from './leaves.ts';
import { MAX_MESSAGE } from './limits.ts';
import { merkleRoot } from './merkle.ts';
import { decodePayload, type Payload } from './payload.ts';
import { ProofError } from './reasons.ts';
import type { Algorithm, PublicKey } from './signature.ts';

/** A proof that has been taken apart, not yet verified. */
export interface Proof {
  /** The device's key id, as the message claims it. */
  readonly kid: Uint8Array;
  readonly algorithm: Algorithm;
  readonly payload: Payload;
  /** What the token signed and the next proof names. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  /** The COSE_Sign1 alone, which any COSE tool can verify. */
  readonly cose: Uint8Array;
  /** The readings block: CBOR of [codec, secret, columns, check], or nothing where there are no readings. */
  readonly block: Uint8Array;
  readonly sign1: Sign1;
}

/**
 * Takes an MQTT payload apart: COSE_Sign1, then the readings block (a CBOR sequence, RFC 8742). Copies it, so nothing
 * aliases the message. Throws ProofError `size`, `parse`, `canonical`, `algorithm` or `version`. Looks at neither
 * signature nor readings.
 */
export function parseProof(message: Uint8Array): Proof {
  if (message.length > MAX_MESSAGE) throw new ProofError('size', `longer than ${MAX_MESSAGE} bytes`);
  const bytes = new Uint8Array(message);
  const end = sign1End(bytes);
  const sign1 = openSign1(bytes.subarray(0, end), PROOF_TYPE);
  const block = decodeCbor(bytes.subarray(end));
  if (!(block instanceof Uint8Array)) throw new ProofError('parse', 'the readings block is not a byte string');
  const { kid, algorithm, digest, signature, bytes: cose } = sign1;
  return { kid, algorithm, payload: decodePayload(sign1.payload), digest, signature, cose, block, sign1 };
}

/**
 * Checks who signed: the key is the one that the proof names, of its algorithm, S low, and the signature good. Throws
 * ProofError.
 */
export function checkSignature(proof: Proof, key: PublicKey): void {
  if (!equalBytes(proof.kid, thumbprint(key))) {
    throw new ProofError('unknown-device', `signed as ${kidToText(proof.kid)}, which is not the key's id`);
  }
  checkSign1(proof.sign1, key);
}

/**
 * Unpacks the readings, rebuilds rows and Merkle root from them and compares. Throws ProofError: `block` where they
 * cannot be unpacked, `root` where they are not the ones signed, `range` for a kind or field that the table does not
 * have. Bounds are not checked: see `checkRanges`.
 */
export function openReadings(proof: Proof): Reading[] {
  const { payload, block } = proof;
  const envelope = openBlock(block, payload.size);
  const readings = envelope === undefined ? [] : decodeColumns(envelope.columns, payload.sources, payload.size);
  const leaves = hashLeaves(readings, indexOfSource(payload.sources), envelope?.secret ?? new Uint8Array(32));
  if (!equalBytes(merkleRoot(leaves), payload.root))
    throw new ProofError('root', 'the readings are not the ones signed');
  if (readings.length > 0 && (readings[0]?.t !== payload.first || readings.at(-1)?.t !== payload.last)) {
    throw new ProofError('root', 'first or last is not the time of the first or last reading');
  }
  return readings;
}

/** All that can be said of a proof by itself: structure, signature, readings. Throws ProofError. */
export function verifyProof(
  message: Uint8Array,
  key: PublicKey,
): { readonly proof: Proof; readonly readings: Reading[] } {
  const proof = parseProof(message);
  checkSignature(proof, key);
  return { proof, readings: openReadings(proof) };
}
