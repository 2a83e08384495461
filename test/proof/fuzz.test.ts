import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeColumns, encodeColumns } from '../../daemon/proof/block/columns.ts';
import {
  decodePublicKey,
  ProofError,
  parseProof,
  signReceipt,
  verifyChallenge,
  verifyEnrolment,
  verifyProof,
  verifyReceipt,
} from '../../daemon/proof/index.ts';
import { decodeRow } from '../../daemon/proof/row.ts';
import { testSigner } from './keys.ts';
import { fixes, mixture, noise, SOURCES, seal } from './samples.ts';

const signer = testSigner('ES256', 0x91);

const READERS: [string, (bytes: Uint8Array) => unknown][] = [
  ['parseProof', parseProof],
  ['verifyReceipt', (bytes) => verifyReceipt(bytes, signer.publicKey)],
  ['verifyChallenge', (bytes) => verifyChallenge(bytes, signer.publicKey)],
  ['verifyEnrolment', verifyEnrolment],
  ['decodePublicKey', decodePublicKey],
  ['decodeRow', (bytes) => decodeRow(bytes, SOURCES)],
  ['decodeColumns', (bytes) => decodeColumns(bytes, SOURCES, 50)],
];

/** Runs a reader on what may be anything: it may say no, by a ProofError, and nothing else. */
function survive(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
  }
}

function randomBytes(length: number, seed: number): Uint8Array {
  const random = noise(seed);
  return Uint8Array.from({ length }, () => random.next().value & 0xff);
}

describe.each(READERS)('%s', (_, read) => {
  it('refuses any bytes by a ProofError or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => survive(read, bytes)),
      { numRuns: 1_000 },
    );
  });

  it('gets through ten million random bytes in pieces of all sizes', () => {
    const bytes = randomBytes(10_000_000, 5);
    let size = 1;
    for (let at = 0; at < bytes.length; at += size) {
      size = (size * 7 + 11) % 119_999 || 1;
      survive(read, bytes.subarray(at, at + size));
    }
  });
});

describe('good bytes with bits flipped', () => {
  it('of a proof are refused', async () => {
    const { message } = await seal(signer, { readings: mixture() });
    fc.assert(
      fc.property(fc.array(fc.nat(message.length * 8 - 1), { minLength: 1, maxLength: 40 }), (flips) => {
        const forged = new Uint8Array(message);
        for (const bit of new Set(flips)) forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => verifyProof(forged, signer.publicKey)).toThrow(ProofError);
      }),
      { numRuns: 500 },
    );
  });

  it('of columns come to other readings or are refused, within bounds', () => {
    const readings = [...fixes(200), ...mixture()];
    const packed = encodeColumns(readings, (source) => SOURCES.findIndex((one) => one.source === source));
    const read = (bytes: Uint8Array): unknown => decodeColumns(bytes, SOURCES, readings.length);
    expect(read(packed)).toEqual(readings);
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        survive(
          read,
          packed.map((byte, i) => (i === at ? byte ^ change : byte)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('of a receipt are refused', async () => {
    const kid = new Uint8Array(32);
    const receipt = await signReceipt(
      {
        kid,
        epoch: kid.slice(16),
        seq: 1,
        digest: kid,
        verdict: 'accepted',
        received: 1,
        reasons: [],
        nonce: kid.slice(16),
        nonceExpiry: 2,
      },
      signer,
    );
    fc.assert(
      fc.property(fc.nat(receipt.length * 8 - 1), (bit) => {
        const forged = new Uint8Array(receipt);
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => verifyReceipt(forged, signer.publicKey)).toThrow(ProofError);
      }),
    );
  });
});
