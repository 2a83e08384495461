import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyFromPoint } from '../../daemon/proof/key.ts';
import type { Algorithm } from '../../daemon/proof/signature.ts';
import { derivePoint, generateSecret, signDigest, verifyDigest } from '../../daemon/signing/ecdsa.ts';
import { toLowS } from '../../daemon/signing/low-s.ts';

const ORDER = {
  ES256K: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
} as const;

const sOf = (signature: Uint8Array): bigint => BigInt(`0x${Buffer.from(signature).toString('hex', 32)}`);

function withS(signature: Uint8Array, s: bigint): Uint8Array {
  const changed = new Uint8Array(signature);
  changed.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32);
  return changed;
}

/** A key and a signature of each curve, with the high S that would verify as well. */
async function signatureOf(algorithm: Algorithm) {
  const secret = await generateSecret(algorithm);
  const key = publicKeyFromPoint(algorithm, await derivePoint(algorithm, secret));
  const digest = new Uint8Array(randomBytes(32));
  const low = await signDigest(algorithm, secret, digest);
  return { algorithm, key, digest, low, high: withS(low, ORDER[algorithm] - sOf(low)) };
}

const SIGNATURES = [await signatureOf('ES256K'), await signatureOf('ES256')];

describe.each(SIGNATURES)('$algorithm', ({ algorithm, key, digest, low, high }) => {
  it('a high S is turned into the low one of the same signature', async () => {
    expect(toLowS(algorithm, high)).toEqual(low);
    expect(await verifyDigest(key, digest, toLowS(algorithm, high))).toBe(true);
  });

  it('a low S stays as it is', () => {
    expect(toLowS(algorithm, low)).toEqual(low);
  });

  it('half the order is the last low S, the next is high', () => {
    const half = ORDER[algorithm] / 2n;
    expect(sOf(toLowS(algorithm, withS(low, half)))).toBe(half);
    expect(sOf(toLowS(algorithm, withS(low, half + 1n)))).toBe(ORDER[algorithm] - half - 1n);
  });

  it('a leading zero byte of the new S is kept', () => {
    expect(toLowS(algorithm, withS(low, ORDER[algorithm] - 5n))).toEqual(withS(low, 5n));
  });

  it('a signature verifies by its own key, digest and bytes only', async () => {
    const other = publicKeyFromPoint(algorithm, await derivePoint(algorithm, await generateSecret(algorithm)));
    expect(await verifyDigest(key, digest, low)).toBe(true);
    expect(await verifyDigest(other, digest, low)).toBe(false);
    expect(await verifyDigest(key, new Uint8Array(randomBytes(32)), low)).toBe(false);
    expect(await verifyDigest(key, digest, new Uint8Array(64))).toBe(false);
    expect(await verifyDigest({ ...key, y: key.x }, digest, low)).toBe(false);
  });
});
