import { decodeCbor } from '../../daemon/proof/cbor.ts';
import { toHex } from '../../daemon/proof/hex.ts';
import {
  type Algorithm,
  type ProofInput,
  parseProof,
  proveReading,
  publicKeyToJson,
  readingProofToJson,
  signChallenge,
  signEnrolment,
  signReceipt,
  thumbprint,
  verifyProof,
} from '../../daemon/proof/index.ts';
import { encodeRow } from '../../daemon/proof/row.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { testSigner } from './keys.ts';
import { fixes, LOSSES, mixture, seal } from './samples.ts';

const DEVICE_SEED = 0x11;
const VERIFIER_SEED = 0x22;
const NONCE = new Uint8Array(16).fill(0xc4);
const RECEIVED = Date.UTC(2026, 4, 4, 10, 1, 2);

/** The files of test/vectors for one algorithm: names and contents. Fixed keys and secrets, so always the same. */
export async function makeVectors(algorithm: Algorithm): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const device = testSigner(algorithm, DEVICE_SEED);
  const verifier = testSigner(algorithm, VERIFIER_SEED);
  files.set(
    'devices.json',
    json({ devices: [{ ...publicKeyToJson(device.publicKey), publicKey: publicKeyToJson(device.publicKey) }] }),
  );
  files.set('verifier.json', json(publicKeyToJson(verifier.publicKey)));

  const chain: Partial<ProofInput>[] = [
    { readings: mixture() },
    { readings: [], losses: LOSSES, nonce: NONCE },
    { readings: fixes(60), nonce: NONCE },
  ];
  let previous: ProofInput['previous'] = { epoch: new Uint8Array(16).fill(0xe0) };
  for (const [seq, part] of chain.entries()) {
    const { message, head } = await seal(device, { ...part, previous });
    previous = head;
    files.set(`proof-${seq}.cose`, message);
    const { proof, readings } = verifyProof(message, device.publicKey);
    const indices = new Map(proof.payload.sources.map(({ source }, index) => [source, index]));
    files.set(
      `proof-${seq}.json`,
      json({
        kid: proof.kid,
        algorithm: proof.algorithm,
        digest: proof.digest,
        signature: proof.signature,
        payload: proof.payload,
        rows: readings.map((reading) => encodeRow(reading, indices.get(reading.source) ?? 0)),
        readings: readings.map(({ kind, source, t, fields }: Reading) => ({ kind, source, t, fields })),
      }),
    );
    if (seq > 0) continue;
    files.set('reading.json', json(readingProofToJson(proveReading(proof, 3))));
    const receipt = await signReceipt(
      {
        kid: proof.kid,
        epoch: proof.payload.epoch,
        seq,
        digest: proof.digest,
        verdict: 'flagged',
        received: RECEIVED,
        reasons: ['restart', 'time-order'],
        nonce: NONCE,
        nonceExpiry: RECEIVED + 600_000,
      },
      verifier,
    );
    statement(files, 'receipt', receipt);
  }
  const kid = thumbprint(device.publicKey);
  statement(files, 'challenge', await signChallenge({ kid, nonce: NONCE, expiry: RECEIVED + 600_000 }, verifier));
  const enrolment = {
    publicKey: device.publicKey,
    custody: { hardware: true, holder: 'SoftHSM v2, token vectors' },
    profiles: [{ name: 'gnss/ublox-neo-m9n', digest: new Uint8Array(32).fill(0xa1) }],
    owner: 'An Owner',
    place: { lat: 521_234_567, lon: -134_567_890, altMSL: 44_444 },
    created: RECEIVED,
    software: { name: 'fieldseal', version: '0.1.0' },
  };
  statement(files, 'enrolment', await signEnrolment(enrolment, device));
  return files;
}

/** A receipt, challenge or enrolment record, and the payload that it is to be found to hold. */
function statement(files: Map<string, Uint8Array>, name: string, bytes: Uint8Array): void {
  files.set(`${name}.cose`, bytes);
  const parts = decodeCbor(bytes.subarray(1));
  files.set(`${name}.json`, json({ payload: Array.isArray(parts) ? parts[2] : undefined }));
}

/** The cut before the readings block, for tests that change one part or the other. */
export const blockAt = (message: Uint8Array): number => parseProof(message).cose.length;

const json = (value: unknown): Uint8Array =>
  new TextEncoder().encode(
    `${JSON.stringify(value, (_, member) => (member instanceof Uint8Array ? toHex(member) : member), 1)}\n`,
  );
