import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';

vi.mock('#crypto', () => import('../../daemon/proof/crypto/browser.ts'));

const { publicKeyFromJson, readingProofFromJson, verifyEnrolment, verifyProof, verifyReading, verifyReceipt } =
  await import('../../daemon/proof/index.ts');
const { primitives } = await import('#crypto');
const { primitives: ofBrowsers } = await import('../../daemon/proof/crypto/browser.ts');

describe.each(['es256k', 'es256'])('a browser, with the vectors of %s', (name) => {
  const folder = fileURLToPath(new URL(`../vectors/${name}/`, import.meta.url));
  const bytes = (file: string): Uint8Array => new Uint8Array(readFileSync(folder + file));
  const json = (file: string): ReturnType<typeof JSON.parse> => JSON.parse(readFileSync(folder + file, 'utf8'));
  const device = publicKeyFromJson(json('devices.json').devices[0].publicKey);

  it('uses the pure JavaScript', () => {
    expect(primitives).toBe(ofBrowsers);
  });

  it.each(['proof-0', 'proof-1', 'proof-2'])('verifies %s', (file) => {
    const { proof, readings } = verifyProof(bytes(`${file}.cose`), device);
    expect(Buffer.from(proof.digest).toString('hex')).toBe(json(`${file}.json`).digest);
    expect(readings).toHaveLength(json(`${file}.json`).readings.length);
  });

  it('verifies the receipt, the enrolment record and the disclosed reading', () => {
    expect(verifyReceipt(bytes('receipt.cose'), publicKeyFromJson(json('verifier.json'))).verdict).toBe('flagged');
    expect(verifyEnrolment(bytes('enrolment.cose')).publicKey).toEqual(device);
    expect(verifyReading(readingProofFromJson(json('reading.json')), device).reading.kind).toBe('gnss.sky');
  });
});
