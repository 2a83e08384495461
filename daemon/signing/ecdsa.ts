import type { Algorithm, PublicKey } from '../proof/signature.ts';

/** What is needed of a curve. Digests and private keys are 32 bytes, signatures 64 bytes r||s, points 65 bytes 04||x||y. */
export interface Curve {
  /** Throws for a point off the curve, and for r or s out of range. */
  verify(signature: Uint8Array, digest: Uint8Array, point: Uint8Array): boolean;
  sign(digest: Uint8Array, secret: Uint8Array): Uint8Array;
  /** Throws for a secret that is 0 or not below the order. */
  derivePoint(secret: Uint8Array): Uint8Array;
  generateSecret(): Uint8Array;
}

/** A device has one key: the code of the other curve is not loaded. */
const CURVES: Readonly<Record<Algorithm, () => Promise<{ readonly curve: Curve }>>> = {
  ES256K: () => import('./secp256k1.ts'),
  ES256: () => import('./p256.ts'),
};

/**
 * Whether 64 bytes r||s sign a 32-byte digest. By noble, as node:crypto takes no digests, only messages; a few
 * milliseconds on a small board, for one signature a batch.
 */
export async function verifyDigest(key: PublicKey, digest: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { curve } = await CURVES[key.algorithm]();
  try {
    return curve.verify(signature, digest, pointBytes(key));
  } catch {
    // A point off the curve, or r or s out of range.
    return false;
  }
}

/** Signs a 32-byte digest, deterministically (RFC 6979): 64 bytes r||s, low S. */
export async function signDigest(algorithm: Algorithm, secret: Uint8Array, digest: Uint8Array): Promise<Uint8Array> {
  return (await CURVES[algorithm]()).curve.sign(digest, secret);
}

/** The uncompressed point, 65 bytes 04||x||y, of a 32-byte private key. Throws where that is 0 or not below the order. */
export async function derivePoint(algorithm: Algorithm, secret: Uint8Array): Promise<Uint8Array> {
  return (await CURVES[algorithm]()).curve.derivePoint(secret);
}

/** A new private key, 32 bytes. */
export async function generateSecret(algorithm: Algorithm): Promise<Uint8Array> {
  return (await CURVES[algorithm]()).curve.generateSecret();
}

function pointBytes(key: PublicKey): Uint8Array {
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(key.x, 1);
  point.set(key.y, 33);
  return point;
}
