import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { primitives as browser } from '../../daemon/proof/crypto/browser.ts';
import { primitives as node } from '../../daemon/proof/crypto/node.ts';
import type { PublicKey } from '../../daemon/proof/index.ts';
import { testSigner, withHighS } from './keys.ts';

describe('the cryptography of Node and of browsers', () => {
  it('hashes alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const [one, other] = [new Uint8Array(40), new Uint8Array(40)];
        node.sha256Into(bytes, one, 3);
        browser.sha256Into(bytes, other, 3);
        expect(one).toEqual(other);
        expect(node.sha256(bytes)).toEqual(browser.sha256(bytes));
        expect(node.sha256(bytes)).toEqual(one.slice(3, 35));
      }),
    );
  });

  it.each(['ES256K', 'ES256'] as const)('verifies %s alike: good and high S yes, all else no', async (algorithm) => {
    const signer = testSigner(algorithm, 9);
    const message = new Uint8Array(100).fill(7);
    const signature = await signer.sign(node.sha256(message));
    const offCurve: PublicKey = { ...signer.publicKey, y: signer.publicKey.x };
    const swapped = Uint8Array.of(...signature.subarray(32), ...signature.subarray(0, 32));
    for (const { verify } of [node, browser]) {
      expect(verify(signer.publicKey, message, signature)).toBe(true);
      expect(verify(signer.publicKey, message, withHighS(algorithm, signature))).toBe(true);
      expect(verify(signer.publicKey, message.subarray(1), signature)).toBe(false);
      expect(verify(signer.publicKey, message, swapped)).toBe(false);
      expect(verify(signer.publicKey, message, new Uint8Array(64))).toBe(false);
      expect(verify(signer.publicKey, message, new Uint8Array(64).fill(0xff))).toBe(false);
      expect(verify(signer.publicKey, message, signature.subarray(1))).toBe(false);
      expect(verify(offCurve, message, signature)).toBe(false);
    }
  });

  it('gives random bytes of the length asked for', () => {
    for (const { randomBytes } of [node, browser]) {
      expect(randomBytes(32)).toHaveLength(32);
      expect(randomBytes(32)).not.toEqual(randomBytes(32));
    }
  });
});
