import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import type { Primitives } from './primitives.ts';

/** Pure JavaScript, synchronous, for browsers: WebCrypto has neither synchronous calls nor secp256k1. */
export const primitives: Primitives = {
  sha256: (bytes) => sha256(bytes),

  sha256Into(bytes, target, at) {
    target.set(sha256(bytes), at);
  },

  verify(key, message, signature) {
    const curve = key.algorithm === 'ES256K' ? secp256k1 : p256;
    const point = new Uint8Array(65);
    point[0] = 4;
    point.set(key.x, 1);
    point.set(key.y, 33);
    try {
      return curve.verify(signature, message, point, { prehash: true, lowS: false, format: 'compact' });
    } catch {
      return false;
    }
  },

  randomBytes: (length) => randomBytes(length),
};
