import { p256 } from '@noble/curves/nist.js';
import type { Curve } from './ecdsa.ts';

const RULES = { prehash: false, lowS: true } as const;

/** P-256 (FIPS 186-5, SP 800-186, section 3.2.1.3); high S is refused. */
export const curve: Curve = {
  verify: (signature, digest, point) => p256.verify(signature, digest, point, RULES),
  sign: (digest, secret) => p256.sign(digest, secret, RULES),
  derivePoint: (secret) => p256.getPublicKey(secret, false),
  generateSecret: () => p256.utils.randomSecretKey(),
};
