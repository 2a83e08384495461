import { primitives } from '#crypto';
import { fromBase64url, toBase64url } from './base64url.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import type { CborValue } from './cbor-value.ts';
import { ProofError } from './reasons.ts';
import type { Algorithm, PublicKey } from './signature.ts';

/** COSE elliptic curves (RFC 9053, table 18; RFC 8812, section 3.1), by the algorithm that uses them. */
const CURVE_NUMBER = { ES256: 1, ES256K: 8 } as const;
const CURVE_NAME = { ES256: 'P-256', ES256K: 'secp256k1' } as const;
const KTY_EC2 = 2;

/** The device's id: SHA-256 of its deterministic COSE_Key of required members (COSE Key Thumbprint, RFC 9679). */
export function thumbprint(key: PublicKey): Uint8Array {
  const known = thumbprints.get(key);
  if (known !== undefined) return known;
  const made = primitives.sha256(encodePublicKey(key));
  thumbprints.set(key, made);
  return made;
}

/** Every proof asks for its key's. */
const thumbprints = new WeakMap<PublicKey, Uint8Array>();

/** A key id for people, topics and files: base64url without padding, 43 characters. */
export function kidToText(kid: Uint8Array): string {
  return toBase64url(kid);
}

/** The 32 bytes of a key id's text; undefined where it is none. */
export function kidFromText(text: string): Uint8Array | undefined {
  const kid = fromBase64url(text);
  return kid?.length === 32 ? kid : undefined;
}

/**
 * Takes an uncompressed point, 65 bytes 04||x||y (SEC 1, section 2.3.3). Throws ProofError `parse` for anything else.
 */
export function publicKeyFromPoint(algorithm: Algorithm, point: Uint8Array): PublicKey {
  if (point.length !== 65 || point[0] !== 4) throw new ProofError('parse', 'not an uncompressed point of 65 bytes');
  return { algorithm, x: new Uint8Array(point.subarray(1, 33)), y: new Uint8Array(point.subarray(33)) };
}

/** A key as a deterministic COSE_Key {1: 2, -1: curve, -2: x, -3: y}: what the thumbprint is taken of. */
export function encodePublicKey(key: PublicKey): Uint8Array {
  return encodeCbor(publicKeyToCbor(key));
}

/** Reads what `encodePublicKey` wrote. Throws ProofError. Whether the point is on its curve shows on verification. */
export function decodePublicKey(bytes: Uint8Array): PublicKey {
  return publicKeyFromCbor(decodeCbor(bytes));
}

export function publicKeyToCbor(key: PublicKey): ReadonlyMap<number, CborValue> {
  return new Map<number, CborValue>([
    [1, KTY_EC2],
    [-1, CURVE_NUMBER[key.algorithm]],
    [-2, key.x],
    [-3, key.y],
  ]);
}

export function publicKeyFromCbor(value: CborValue | undefined): PublicKey {
  if (!(value instanceof Map) || value.size !== 4 || value.get(1) !== KTY_EC2) {
    throw new ProofError('parse', 'not a COSE_Key of kty EC2, crv, x and y');
  }
  const curve = value.get(-1);
  const algorithm = curve === CURVE_NUMBER.ES256K ? 'ES256K' : curve === CURVE_NUMBER.ES256 ? 'ES256' : undefined;
  if (algorithm === undefined) throw new ProofError('algorithm', 'the key is on neither secp256k1 nor P-256');
  return { algorithm, x: coordinate(value.get(-2)), y: coordinate(value.get(-3)) };
}

function coordinate(value: CborValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== 32)
    throw new ProofError('parse', 'a coordinate of not 32 bytes');
  return new Uint8Array(value);
}

/** A public key as JSON: a JWK (RFC 7517, RFC 8812) whose kid is the COSE Key Thumbprint. */
export interface PublicKeyJson {
  readonly kid: string;
  readonly kty: 'EC';
  readonly crv: 'secp256k1' | 'P-256';
  readonly alg: Algorithm;
  readonly x: string;
  readonly y: string;
}

export function publicKeyToJson(key: PublicKey): PublicKeyJson {
  return {
    kid: kidToText(thumbprint(key)),
    kty: 'EC',
    crv: CURVE_NAME[key.algorithm],
    alg: key.algorithm,
    x: toBase64url(key.x),
    y: toBase64url(key.y),
  };
}

/** Reads a JWK on secp256k1 or P-256. A kid or alg that is there must be the key's. Throws ProofError. */
export function publicKeyFromJson(json: unknown): PublicKey {
  if (typeof json !== 'object' || json === null) throw new ProofError('parse', 'not a JSON Web Key');
  const member = (name: string): unknown => (Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined);
  if (member('d') !== undefined) throw new ProofError('parse', 'a private key, which belongs to nobody else');
  if (member('kty') !== 'EC') throw new ProofError('parse', 'kty is not EC');
  const crv = member('crv');
  const algorithm = crv === CURVE_NAME.ES256K ? 'ES256K' : crv === CURVE_NAME.ES256 ? 'ES256' : undefined;
  if (algorithm === undefined) throw new ProofError('algorithm', 'crv is neither secp256k1 nor P-256');
  const alg = member('alg');
  if (alg !== undefined && alg !== algorithm) throw new ProofError('algorithm', 'alg does not belong to crv');
  const key = { algorithm, x: jsonCoordinate(member('x')), y: jsonCoordinate(member('y')) } as const;
  const kid = member('kid');
  if (kid !== undefined && kid !== kidToText(thumbprint(key)))
    throw new ProofError('parse', "kid is not the key's thumbprint");
  return key;
}

function jsonCoordinate(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64url(value) : undefined;
  if (bytes?.length !== 32) throw new ProofError('parse', 'a coordinate is not 32 bytes of base64url');
  return bytes;
}
