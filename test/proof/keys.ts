import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Algorithm, type DigestSigner, publicKeyFromPoint } from '../../daemon/proof/index.ts';

/** A key for tests alone: deterministic signatures (RFC 6979), so that what is signed can be compared byte for byte. */
export function testSigner(algorithm: Algorithm, seed: number): DigestSigner {
  const curve = algorithm === 'ES256K' ? secp256k1 : p256;
  const secret = new Uint8Array(32).fill(seed);
  return {
    publicKey: publicKeyFromPoint(algorithm, curve.getPublicKey(secret, false)),
    sign: (digest) => Promise.resolve(curve.sign(digest, secret, { prehash: false, lowS: true, format: 'compact' })),
  };
}

/** The same signature with the other, high S: as good to ECDSA, refused by the format. */
export function withHighS(algorithm: Algorithm, signature: Uint8Array): Uint8Array {
  const order = algorithm === 'ES256K' ? secp256k1.Point.Fn.ORDER : p256.Point.Fn.ORDER;
  let s = 0n;
  for (const byte of signature.subarray(32)) s = s * 256n + BigInt(byte);
  let high = order - s;
  const flipped = new Uint8Array(signature);
  for (let i = 63; i >= 32; i--) {
    flipped[i] = Number(high % 256n);
    high /= 256n;
  }
  return flipped;
}
