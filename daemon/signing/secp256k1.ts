import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import type { Curve } from './ecdsa.ts';

secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/** secp256k1 (SEC 2, section 2.4.1); high S is refused. */
export const curve: Curve = {
  verify: (signature, digest, point) => secp256k1.verify(signature, digest, point, { prehash: false }),
  sign: (digest, secret) => secp256k1.sign(digest, secret, { prehash: false }),
  derivePoint: (secret) => secp256k1.getPublicKey(secret, false),
  generateSecret: () => secp256k1.utils.randomSecretKey(),
};
