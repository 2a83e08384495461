import { describe, expect, it } from 'vitest';
import {
  ProofError,
  parseProof,
  proveReading,
  type ReadingProof,
  readingProofFromJson,
  readingProofToJson,
  verifyReading,
} from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';
import { fixes, mixture, seal } from './samples.ts';

const signer = testSigner('ES256K', 0x71);

describe('a reading taken out of a proof', () => {
  it('is verified by itself, for every reading of batches of all shapes', async () => {
    for (const readings of [mixture(), fixes(1), fixes(2), fixes(33)]) {
      const proof = parseProof((await seal(signer, { readings })).message);
      for (const [index, reading] of readings.entries()) {
        const json = JSON.parse(JSON.stringify(readingProofToJson(proveReading(proof, index))));
        const verified = verifyReading(readingProofFromJson(json), signer.publicKey);
        expect(verified.reading).toEqual(reading);
        expect(verified.digest).toEqual(proof.digest);
      }
    }
  });

  it('is refused when any part of it is changed', async () => {
    const proof = parseProof((await seal(signer, { readings: fixes(9) })).message);
    const good = proveReading(proof, 4);
    const other = proveReading(proof, 5);
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte));
    const forged: Partial<ReadingProof>[] = [
      { row: other.row },
      { row: flip(good.row) },
      { salt: other.salt },
      { salt: new Uint8Array([...good.salt, 0]) },
      { index: 5 },
      { index: -1 },
      { size: 10 },
      { path: other.path },
      { path: good.path.slice(1) },
      { path: [...good.path, new Uint8Array(32)] },
      { path: good.path.map((hash) => hash.subarray(1)) },
      { cose: flip(good.cose) },
      { cose: new Uint8Array(0) },
    ];
    for (const part of forged) {
      expect(() => verifyReading({ ...good, ...part }, signer.publicKey), Object.keys(part)[0]).toThrow(ProofError);
    }
    expect(() => verifyReading(good, testSigner('ES256K', 0x72).publicKey)).toThrow(ProofError);
  });

  it('is a bad index where the proof has no such reading', async () => {
    const proof = parseProof((await seal(signer, { readings: fixes(3) })).message);
    for (const index of [-1, 3, 0.5]) expect(() => proveReading(proof, index)).toThrow(RangeError);
  });

  it.each([null, 7, {}, { path: [] }, { path: ['zz'], row: '', salt: '', cose: '', index: 0, size: 1 }])(
    'is refused as JSON of another shape: %j',
    (json) => {
      expect(() => readingProofFromJson(json)).toThrow(ProofError);
    },
  );
});
