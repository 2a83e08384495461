import { primitives } from '#crypto';
import { decodeCbor, encodeCbor, itemEnd } from './cbor.ts';
import { CborWriter } from './cbor-writer.ts';
import { ProofError } from './reasons.ts';
import type { Algorithm, DigestSigner, PublicKey } from './signature.ts';

/**
 * COSE algorithm numbers: ES256K (RFC 8812), ES256 (RFC 9053), and ESP256 (RFC 9864), which is ES256 fully specified.
 */
const ALGORITHM_NUMBER = { ES256K: -47, ES256: -7 } as const;
const ALGORITHMS: ReadonlyMap<number, Algorithm> = new Map([
  [-47, 'ES256K'],
  [-7, 'ES256'],
  [-9, 'ES256'],
]);
const SIGN1_TAG = 0xd2;
const EMPTY = new Uint8Array(0);

/** An opened, not yet verified COSE_Sign1 (RFC 9052, section 4.2). */
export interface Sign1 {
  readonly algorithm: Algorithm;
  readonly contentType: string;
  readonly kid: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** What is signed: the Sig_structure's bytes (RFC 9052, section 4.4). */
  readonly toBeSigned: Uint8Array;
  /** SHA-256 of the Sig_structure: the 32 bytes that a token signs. */
  readonly digest: Uint8Array;
  /** The COSE_Sign1's own bytes, tag and all. */
  readonly bytes: Uint8Array;
}

/** A COSE_Sign1 that lacks its signature alone. */
export interface Sign1Draft {
  readonly digest: Uint8Array;
  /** Adds the 64 bytes r||s. */
  finish(signature: Uint8Array): Uint8Array;
}

/** Lays out a COSE_Sign1 with {1: alg, 3: content type, 4: kid} protected and nothing unprotected. */
export function draftSign1(
  algorithm: Algorithm,
  contentType: string,
  kid: Uint8Array,
  payload: Uint8Array,
): Sign1Draft {
  const header = encodeCbor(
    new Map<number, number | string | Uint8Array>([
      [1, ALGORITHM_NUMBER[algorithm]],
      [3, contentType],
      [4, kid],
    ]),
  );
  return {
    digest: primitives.sha256(sigStructure(header, payload)),
    finish(signature) {
      if (signature.length !== 64) throw new RangeError(`a signature of ${signature.length} bytes, not 64`);
      const writer = new CborWriter(header.length + payload.length + 80);
      writer.raw(SIGN1_TAG);
      writer.array(4);
      writer.byteString(header);
      writer.map(0);
      writer.byteString(payload);
      writer.byteString(signature);
      return writer.take();
    },
  };
}

/** Signs a statement: draft, digest, signature, done. */
export async function sign1(
  contentType: string,
  kid: Uint8Array,
  payload: Uint8Array,
  signer: DigestSigner,
): Promise<Uint8Array> {
  const draft = draftSign1(signer.publicKey.algorithm, contentType, kid, payload);
  return draft.finish(await signer.sign(draft.digest));
}

/** Where the tagged COSE_Sign1 at the beginning of `message` ends. Throws ProofError. */
export function sign1End(message: Uint8Array): number {
  if (message[0] !== SIGN1_TAG) throw new ProofError('parse', 'not a tagged COSE_Sign1');
  return itemEnd(message, 1);
}

/** Opens a COSE_Sign1 of one content type, strictly. Throws ProofError. Says nothing of the signature. */
export function openSign1(bytes: Uint8Array, contentType: string): Sign1 {
  if (bytes[0] !== SIGN1_TAG) throw new ProofError('parse', 'not a tagged COSE_Sign1');
  const parts = decodeCbor(bytes.subarray(1));
  if (!Array.isArray(parts) || parts.length !== 4) throw new ProofError('parse', 'not an array of four');
  const [header, unprotected, payload, signature] = parts;
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
    throw new ProofError('parse', 'header, payload or signature is not a byte string');
  }
  if (!(unprotected instanceof Map) || unprotected.size !== 0)
    throw new ProofError('parse', 'unprotected header not empty');
  if (signature.length !== 64) throw new ProofError('parse', `a signature of ${signature.length} bytes, not 64`);
  const fields = decodeCbor(header);
  if (!(fields instanceof Map) || fields.size !== 3) throw new ProofError('parse', 'not a protected header of three');
  if (fields.get(3) !== contentType) throw new ProofError('parse', `the content type is not ${contentType}`);
  const algorithm = ALGORITHMS.get(fields.get(1));
  if (algorithm === undefined) throw new ProofError('algorithm', 'neither ES256K nor ES256');
  const kid = fields.get(4);
  if (!(kid instanceof Uint8Array) || kid.length !== 32) throw new ProofError('parse', 'a key id of not 32 bytes');
  const toBeSigned = sigStructure(header, payload);
  return { algorithm, contentType, kid, payload, signature, toBeSigned, digest: primitives.sha256(toBeSigned), bytes };
}

/** The signature checks, cheap ones first: the key's algorithm, low S, then the curve. Throws ProofError. */
export function checkSign1(sign1: Sign1, key: PublicKey): void {
  if (sign1.algorithm !== key.algorithm) {
    throw new ProofError('algorithm', `signed as ${sign1.algorithm} by an ${key.algorithm} key`);
  }
  checkEcdsa(key, sign1.toBeSigned, sign1.signature);
}

/** Checks a signature r||s over the SHA-256 of a message. Throws ProofError `parse`, `high-s` or `signature`. */
export function checkEcdsa(key: PublicKey, message: Uint8Array, signature: Uint8Array): void {
  if (signature.length !== 64) throw new ProofError('parse', `a signature of ${signature.length} bytes, not 64`);
  if (!isLowS(key.algorithm, signature)) throw new ProofError('high-s', 'S is above half the group order');
  if (!primitives.verify(key, message, signature)) throw new ProofError('signature', "not the key's signature");
}

/** Half the order of each group, rounded down (SEC 2, sections 2.4.1 and 2.4.2), big-endian. */
const HALF_ORDER = {
  ES256K: fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'),
  ES256: fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8'),
} as const;

/** Whether S, the second half of r||s, is at most half the group order: of S and its negative only that one counts. */
function isLowS(algorithm: Algorithm, signature: Uint8Array): boolean {
  const half = HALF_ORDER[algorithm];
  for (let i = 0; i < 32; i++) {
    const difference = (signature[32 + i] ?? 0) - (half[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** ["Signature1", protected header, external_aad = h'', payload] (RFC 9052, section 4.4). */
function sigStructure(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const writer = new CborWriter(header.length + payload.length + 32);
  writer.array(4);
  writer.text('Signature1');
  writer.byteString(header);
  writer.byteString(EMPTY);
  writer.byteString(payload);
  return writer.take();
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
