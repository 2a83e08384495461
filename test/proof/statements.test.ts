import { describe, expect, it } from 'vitest';
import {
  type Challenge,
  type DigestSigner,
  type Enrolment,
  MAX_STATEMENT,
  ProofError,
  type Receipt,
  signChallenge,
  signEnrolment,
  signReceipt,
  thumbprint,
  verifyChallenge,
  verifyEnrolment,
  verifyReceipt,
} from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';

const RECEIPT: Receipt = {
  kid: new Uint8Array(32).fill(1),
  epoch: new Uint8Array(16).fill(2),
  seq: 12_345,
  digest: new Uint8Array(32).fill(3),
  verdict: 'flagged',
  received: 1_777_777_777_777,
  reasons: ['gap', 'time-order'],
  nonce: new Uint8Array(16).fill(4),
  nonceExpiry: 1_777_777_999_999,
};

const CHALLENGE: Challenge = { kid: RECEIPT.kid, nonce: RECEIPT.nonce, expiry: 1_777_777_999_999 };

const BEACON_CHALLENGE: Challenge = {
  ...CHALLENGE,
  beacon: {
    payload: Uint8Array.of(1, 2, 3),
    frequency: 868_100_000,
    spreadingFactor: 12,
    bandwidth: 125_000,
    codingRate: 5,
    power: -3,
    source: 'lora',
  },
};

const enrolmentOf = (signer: DigestSigner): Enrolment => ({
  publicKey: signer.publicKey,
  custody: { hardware: true, holder: 'a token' },
  profiles: [{ name: 'gnss/ublox-neo-m9n', digest: new Uint8Array(32).fill(5) }],
  owner: 'An Owner',
  place: { lat: -339_000_000, lon: 1_512_000_000, altMSL: -12_000 },
  created: 1_777_777_777_777,
  software: { name: 'fieldseal', version: '0.1.0' },
});

describe.each(['ES256K', 'ES256'] as const)('statements by %s', (algorithm) => {
  const signer = testSigner(algorithm, 0x61);
  const other = testSigner(algorithm, 0x62);
  const statements = [
    [
      'receipt',
      () => signReceipt(RECEIPT, signer),
      (bytes: Uint8Array) => verifyReceipt(bytes, signer.publicKey),
      RECEIPT,
    ],
    [
      'challenge',
      () => signChallenge(CHALLENGE, signer),
      (bytes: Uint8Array) => verifyChallenge(bytes, signer.publicKey),
      CHALLENGE,
    ],
    [
      'challenge with a beacon',
      () => signChallenge(BEACON_CHALLENGE, signer),
      (bytes: Uint8Array) => verifyChallenge(bytes, signer.publicKey),
      BEACON_CHALLENGE,
    ],
    ['enrolment', () => signEnrolment(enrolmentOf(signer), signer), verifyEnrolment, enrolmentOf(signer)],
  ] as const;

  it.each(statements)('a %s says what was signed', async (_, sign, verify, statement) => {
    expect(verify(await sign())).toEqual(statement);
  });

  it.each(statements)('a %s is refused whichever byte is changed, cut or added', async (_, sign, verify) => {
    const bytes = await sign();
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [0x01, 0x10, 0x80, 0xff]) {
        const forged = bytes.map((byte, i) => (i === at ? byte ^ change : byte));
        expect(() => verify(forged), `byte ${at} ^ ${change}`).toThrow(ProofError);
      }
      expect(() => verify(bytes.subarray(0, at))).toThrow(ProofError);
    }
    expect(() => verify(Uint8Array.of(...bytes, 0))).toThrow(ProofError);
    expect(() => verify(new Uint8Array(MAX_STATEMENT + 1))).toThrowError(expect.objectContaining({ reason: 'size' }));
  });

  it('one kind is not taken for another', async () => {
    const challenge = await signChallenge(CHALLENGE, signer);
    expect(() => verifyReceipt(challenge, signer.publicKey)).toThrowError(expect.objectContaining({ reason: 'parse' }));
  });

  it('a receipt or challenge by another than the pinned key is refused', async () => {
    const receipt = await signReceipt(RECEIPT, other);
    const challenge = await signChallenge(CHALLENGE, other);
    expect(() => verifyReceipt(receipt, signer.publicKey)).toThrowError(
      expect.objectContaining({ reason: 'signature' }),
    );
    expect(() => verifyChallenge(challenge, signer.publicKey)).toThrowError(
      expect.objectContaining({ reason: 'signature' }),
    );
  });

  it.each(['accepted', 'flagged', 'rejected', 'duplicate'] as const)(
    'a verdict of %s comes through',
    async (verdict) => {
      const receipt = await signReceipt({ ...RECEIPT, verdict, reasons: [] }, signer);
      expect(verifyReceipt(receipt, signer.publicKey)).toEqual({ ...RECEIPT, verdict, reasons: [] });
    },
  );

  it('an enrolment record may leave out owner, place and height', async () => {
    const { owner: _, place: __, ...bare } = enrolmentOf(signer);
    expect(verifyEnrolment(await signEnrolment(bare, signer))).toEqual(bare);
    const flat = { ...bare, place: { lat: 1, lon: -2 } };
    expect(verifyEnrolment(await signEnrolment(flat, signer))).toEqual(flat);
  });

  it('an enrolment record is signed by the key that it is about, or not at all', () => {
    expect(thumbprint(other.publicKey)).not.toEqual(thumbprint(signer.publicKey));
    expect(() => signEnrolment(enrolmentOf(other), signer)).toThrow(RangeError);
  });
});

describe('a beacon that no radio could send', () => {
  const { beacon } = BEACON_CHALLENGE;
  it.each([
    ['an empty payload', { payload: new Uint8Array() }],
    ['a payload of 256 bytes', { payload: new Uint8Array(256) }],
    ['spreading factor 13', { spreadingFactor: 13 }],
    ['a negative frequency', { frequency: -1 }],
    ['coding rate 4/9', { codingRate: 9 }],
    ['100 dBm', { power: 100 }],
    ['a source without a name', { source: '' }],
  ])('is not signed: %s', async (_, part) => {
    const order = { ...CHALLENGE, beacon: { ...beacon!, ...part } };
    await expect(signChallenge(order, testSigner('ES256K', 0x61))).rejects.toMatchObject({ reason: 'parse' });
  });
});
