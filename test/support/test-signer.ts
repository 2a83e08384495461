import { createHmac } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import * as secp256k1 from '@noble/secp256k1';
import { type DigestSigner, publicKeyFromPoint } from '../../daemon/proof/index.ts';

secp256k1.hashes.sha256 = sha256;
secp256k1.hashes.hmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest();

/** A software key whose signatures are real: ES256K, deterministic by its seed. */
export function testSigner(seed = 1): DigestSigner {
  const secret = new Uint8Array(32).fill(seed);
  return {
    publicKey: publicKeyFromPoint('ES256K', secp256k1.getPublicKey(secret, false)),
    sign: async (digest) => secp256k1.sign(digest, secret, { prehash: false }),
  };
}
