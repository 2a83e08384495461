import { p256 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import type { Algorithm, PublicKey } from '../proof/signature.ts';

secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/**
 * Whether 64 bytes r||s sign a 32-byte digest. By noble, as node:crypto takes no digests, only messages; a few
 * milliseconds on a small board, for one signature a batch.
 */
export function verifyDigest(key: PublicKey, digest: Uint8Array, signature: Uint8Array): boolean {
  const point = pointBytes(key);
  try {
    return key.algorithm === 'ES256K'
      ? secp256k1.verify(signature, digest, point, { prehash: false })
      : p256.verify(signature, digest, point, { prehash: false, lowS: true });
  } catch {
    // A point off the curve, or r or s out of range.
    return false;
  }
}

/** Signs a 32-byte digest, deterministically (RFC 6979): 64 bytes r||s, low S. */
export function signDigest(algorithm: Algorithm, secret: Uint8Array, digest: Uint8Array): Uint8Array {
  return algorithm === 'ES256K'
    ? secp256k1.sign(digest, secret, { prehash: false })
    : p256.sign(digest, secret, { prehash: false, lowS: true });
}

/** The uncompressed point, 65 bytes 04||x||y, of a 32-byte private key. Throws where that is 0 or not below the order. */
export function derivePoint(algorithm: Algorithm, secret: Uint8Array): Uint8Array {
  return algorithm === 'ES256K' ? secp256k1.getPublicKey(secret, false) : p256.getPublicKey(secret, false);
}

/** A new private key, 32 bytes. */
export function generateSecret(algorithm: Algorithm): Uint8Array {
  return algorithm === 'ES256K' ? secp256k1.utils.randomSecretKey() : p256.utils.randomSecretKey();
}

function pointBytes(key: PublicKey): Uint8Array {
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(key.x, 1);
  point.set(key.y, 33);
  return point;
}
