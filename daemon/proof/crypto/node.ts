import { createPublicKey, hash, type KeyObject, randomBytes as random, verify as verifySignature } from 'node:crypto';
import type { PublicKey } from '../signature.ts';
import type { Primitives } from './primitives.ts';

/**
 * node:crypto. One-shot hashes to a string are four times as fast as createHash, and a JS loop copies 32 bytes fastest.
 */
export const primitives: Primitives = {
  sha256(bytes) {
    const digest = new Uint8Array(32);
    primitives.sha256Into(bytes, digest, 0);
    return digest;
  },

  sha256Into(bytes, target, at) {
    const text = hash('sha256', bytes, 'binary');
    for (let i = 0; i < 32; i++) target[at + i] = text.charCodeAt(i);
  },

  verify(key, message, signature) {
    const imported = importKey(key);
    if (imported === undefined) return false;
    return verifySignature('sha256', message, { key: imported, dsaEncoding: 'ieee-p1363' }, signature);
  },

  randomBytes: (length) => new Uint8Array(random(length)),
};

const CURVE = { ES256K: 'secp256k1', ES256: 'P-256' } as const;
const MAX_CACHED = 4096;
const cache = new Map<string, KeyObject>();

/**
 * Importing costs as much as verifying, so keys are kept: the latest MAX_CACHED. Undefined for a point off the curve.
 */
function importKey(key: PublicKey): KeyObject | undefined {
  const x = base64url(key.x);
  const y = base64url(key.y);
  const name = `${key.algorithm}.${x}.${y}`;
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  let imported: KeyObject;
  try {
    imported = createPublicKey({ key: { kty: 'EC', crv: CURVE[key.algorithm], x, y }, format: 'jwk' });
  } catch {
    return undefined;
  }
  if (cache.size >= MAX_CACHED)
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  cache.set(name, imported);
  return imported;
}

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
