import { describe, expect, it } from 'vitest';
import { ProofError, parseProof, verifyProof } from '../../daemon/proof/index.ts';
import { testSigner, withHighS } from './keys.ts';
import { fixes, LOSSES, mixture, seal } from './samples.ts';

const CHANGES = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff];

describe.each(['ES256K', 'ES256'] as const)('a proof by %s', (algorithm) => {
  const signer = testSigner(algorithm, 0x31);
  const parts = [
    ['a heartbeat', { losses: LOSSES, nonce: new Uint8Array(16) }],
    ['one reading', { readings: fixes(1) }],
    ['readings of every kind', { readings: mixture() }],
  ] as const;

  it.each(parts)('with %s is refused, by a ProofError, whichever of its bytes is changed', async (_, part) => {
    const { message } = await seal(signer, part);
    verifyProof(message, signer.publicKey);
    const taken: string[] = [];
    for (let at = 0; at < message.length; at++) {
      const original = message[at] ?? 0;
      for (const change of CHANGES) {
        message[at] = original ^ change;
        const outcome = attempt(message);
        if (outcome !== 'refused') taken.push(`byte ${at} ^ ${change}: ${outcome}`);
      }
      message[at] = original;
    }
    expect(taken).toEqual([]);
  });

  it.each(parts)('with %s is refused however short it is cut, or with a byte more', async (_, part) => {
    const { message } = await seal(signer, part);
    for (let length = 0; length < message.length; length++) {
      expect(attempt(message.subarray(0, length)), `${length} bytes`).toBe('refused');
    }
    expect(attempt(Uint8Array.of(...message, 0))).toBe('refused');
  });

  it('is refused with the other, high S of the same signature', async () => {
    const { message } = await seal(signer, { readings: fixes(3) });
    const { signature, cose } = parseProof(message);
    const forged = new Uint8Array(message);
    forged.set(withHighS(algorithm, signature), cose.length - 64);
    expect(() => verifyProof(forged, signer.publicKey)).toThrowError(expect.objectContaining({ reason: 'high-s' }));
  });

  it('is refused by the key of another device and of another algorithm', async () => {
    const { message } = await seal(signer, { readings: fixes(3) });
    const others = [testSigner(algorithm, 0x32), testSigner(algorithm === 'ES256' ? 'ES256K' : 'ES256', 0x31)];
    for (const { publicKey } of others) {
      expect(() => verifyProof(message, publicKey)).toThrowError(expect.objectContaining({ reason: 'unknown-device' }));
    }
  });

  it('does not take the readings of another proof', async () => {
    const one = await seal(signer, { readings: fixes(3, 1) });
    const other = await seal(signer, { readings: fixes(3, 2) });
    const cut = (message: Uint8Array): number => parseProof(message).cose.length;
    const mixed = Uint8Array.of(
      ...one.message.subarray(0, cut(one.message)),
      ...other.message.subarray(cut(other.message)),
    );
    expect(() => verifyProof(mixed, signer.publicKey)).toThrowError(expect.objectContaining({ reason: 'root' }));
  });

  function attempt(message: Uint8Array): string {
    try {
      verifyProof(message, signer.publicKey);
      return 'taken';
    } catch (error) {
      return error instanceof ProofError ? 'refused' : `threw ${error}`;
    }
  }
});
