import { beforeAll, describe, expect, it } from 'vitest';
import {
  ProofError,
  parseProof,
  proveReading,
  readingProofFromJson,
  readingProofToJson,
  signChallenge,
  signEnrolment,
  verifyChallenge,
  verifyEnrolment,
  verifyProof,
  verifyReading,
} from '../../daemon/proof/index.ts';
import { fixes, mixture, seal } from '../proof/samples.ts';
import { damage, randomBytes } from '../protocols/gnss/corpora.ts';
import { testSigner } from '../support/test-signer.ts';
import { keptBy } from './memory.ts';

const signer = testSigner(5);
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

let proof: Uint8Array;
let challenge: Uint8Array;
let enrolment: Uint8Array;
beforeAll(async () => {
  proof = (await seal(signer, { readings: [...fixes(400), ...mixture()] })).message;
  challenge = await signChallenge({ kid: bytes(32, 1), nonce: bytes(16, 2), expiry: 3 }, signer);
  enrolment = await signEnrolment(
    {
      publicKey: signer.publicKey,
      custody: { hardware: true, holder: 'a token' },
      profiles: [{ name: 'gnss/generic-nmea', digest: bytes(32, 4) }],
      owner: 'Ada Example',
      place: { lat: 1, lon: -2, altMSL: 3 },
      created: 5,
      software: { name: 'fieldseal', version: '1' },
    },
    signer,
  );
});

/** A ProofError is an answer; anything else fails the test. */
function reasonOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ProofError) return error.reason;
    throw error;
  }
}

describe('1 % of the bytes changed, a thousand times', () => {
  it.each<[string, () => Uint8Array, (message: Uint8Array) => unknown]>([
    ['a proof', () => proof, (message) => verifyProof(message, signer.publicKey)],
    ['a challenge', () => challenge, (message) => verifyChallenge(message, signer.publicKey)],
    ['an enrolment record', () => enrolment, verifyEnrolment],
  ])('of %s are refused each time, for a reason', (_, good, read) => {
    expect(reasonOf(() => read(good()))).toBeUndefined();
    let changed = 0;
    for (let seed = 0; seed < 1_000; seed++) {
      const bad = damage(good(), 0.01, seed);
      if (Buffer.compare(bad, good()) === 0) continue;
      changed += 1;
      expect(
        reasonOf(() => read(bad)),
        `seed ${seed}`,
      ).toBeDefined();
    }
    expect(changed).toBeGreaterThan(500);
  });
});

describe('cut short anywhere', () => {
  it.each<[string, () => Uint8Array, (message: Uint8Array) => unknown]>([
    ['a proof', () => proof, (message) => verifyProof(message, signer.publicKey)],
    ['a challenge', () => challenge, (message) => verifyChallenge(message, signer.publicKey)],
    ['an enrolment record', () => enrolment, verifyEnrolment],
  ])('%s is refused', (_, good, read) => {
    for (let length = 0; length < good().length; length += 1 + (length >> 6)) {
      expect(
        reasonOf(() => read(good().subarray(0, length))),
        `${length} bytes`,
      ).toBeDefined();
    }
  });
});

describe('a disclosed reading', () => {
  it('is refused by a reason alone, whatever JSON stands in for it', () => {
    const good = readingProofToJson(proveReading(parseProof(proof), 3));
    expect(reasonOf(() => verifyReading(readingProofFromJson(good), signer.publicKey))).toBeUndefined();
    const odd: unknown[] = [null, 0, '', [], {}, 'zz', '00', -1, 1e300, [null], { length: 1 }, '0'.repeat(100_001)];
    for (const key of Object.keys(good)) {
      for (const value of odd) {
        expect(
          reasonOf(() => verifyReading(readingProofFromJson({ ...good, [key]: value }), signer.publicKey)),
          key,
        ).toBeDefined();
      }
    }
    for (const value of odd) expect(reasonOf(() => readingProofFromJson(value))).toBe('parse');
  });
});

describe('the proof decoder', () => {
  it('keeps nothing of 10 MB of random messages, some of which begin like proofs', () => {
    const kept = keptBy(() => {
      for (let seed = 0; seed < 500; seed++) {
        const message = randomBytes(20_000, seed);
        if (seed % 2 === 0) message.set(proof.subarray(0, 40 + (seed % 400)));
        expect(reasonOf(() => parseProof(message))).toBeDefined();
      }
    });
    expect(kept).toBeLessThan(2_000_000);
  });
});
