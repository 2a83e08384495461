import type { Algorithm } from '../proof/signature.ts';

/** The group orders (SEC 2, sections 2.4.1 and 2.4.2). */
const ORDER: Readonly<Record<Algorithm, bigint>> = {
  ES256K: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

/**
 * Of the two signatures (r, s) and (r, n - s), which both verify, gives the one with the lower s; verifiers refuse the
 * other. About half of a token's signatures are high. 64 bytes r||s in and out.
 */
export function toLowS(algorithm: Algorithm, signature: Uint8Array): Uint8Array {
  const order = ORDER[algorithm];
  const hex = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('hex', 32);
  const s = BigInt(`0x${hex}`);
  if (s <= order / 2n) return signature;
  const low = new Uint8Array(signature);
  low.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32);
  return low;
}
