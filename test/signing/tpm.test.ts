import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { publicKeyToJson } from '../../daemon/proof/index.ts';
import type { PublicKey } from '../../daemon/proof/signature.ts';
import { createKey, openSigner, showKey } from '../../daemon/signing/index.ts';
import { Pkcs11Signer } from '../../daemon/signing/pkcs11.ts';
import { type Pkcs11Uri, parseSignerUri } from '../../daemon/signing/uri.ts';
import { createTpmToken, type TpmToken } from '../support/tpm-token.ts';

describe('a P-256 key in a TPM 2.0, through tpm2-pkcs11', () => {
  let token: TpmToken;
  let key: PublicKey;

  beforeAll(async () => {
    token = await createTpmToken();
    key = await createKey(token.uri, 'ES256');
  });

  afterAll(async () => {
    await token?.remove();
  });

  const options = () => ({ uri: token.uri, algorithm: 'ES256', timeout: 20_000 }) as const;

  it('is held by hardware, and found again', async () => {
    const shown = await showKey(token.uri);
    expect(shown.publicKey).toEqual(key);
    expect(shown.custody).toEqual({ hardware: true, holder: expect.stringContaining('"fieldseal"') });
    await expect(createKey(token.uri, 'ES256')).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  it('signs digests that OpenSSL verifies', async () => {
    const { kty, crv, x, y } = publicKeyToJson(key);
    const imported = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    const signer = await openSigner(options());
    for (let i = 0; i < 20; i++) {
      const message = randomBytes(64);
      const signature = await signer.sign(new Uint8Array(createHash('sha256').update(message).digest()));
      expect(verify('sha256', message, { key: imported, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
    await signer.close();
  });

  it('cannot be made on secp256k1: TPMs have no such curve', async () => {
    const uri = token.uri.replace('object=device', 'object=other');
    await expect(createKey(uri, 'ES256K')).rejects.toMatchObject({ name: 'FieldsealError' });
    await expect(showKey(uri)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('is not opened with a wrong PIN', async () => {
    const wrong = join(token.folder, 'wrong-pin');
    writeFileSync(wrong, '000000\n');
    const uri = token.uri.replace(/pin-source=.*/, `pin-source=${wrong}`);
    await expect(openSigner({ ...options(), uri })).rejects.toMatchObject({ code: 'PIN_WRONG' });
    const signer = await openSigner(options());
    await signer.close();
  });

  it('is lost with its TPM, and says so', async () => {
    const signer = await Pkcs11Signer.open({ uri: parseSignerUri(token.uri) as Pkcs11Uri, timeout: 20_000 });
    await token.remove();
    await expect(signer.sign(new Uint8Array(32))).rejects.toMatchObject({ code: expect.stringMatching(/^TOKEN_/) });
    expect(signer.state).toBe('recovering');
    await signer.close();
  });
});

describe('a TPM that is away for a while', () => {
  let token: TpmToken;
  let key: PublicKey;

  // A TPM of its own for each: it takes cuts of its power for wrong PINs, and locks at the third.
  beforeEach(async () => {
    token = await createTpmToken();
    key = await createKey(token.uri, 'ES256');
  });

  afterEach(async () => {
    await token.remove();
  });

  const open = (known?: PublicKey) =>
    Pkcs11Signer.open({ uri: parseSignerUri(token.uri) as Pkcs11Uri, timeout: 20_000, recoverEveryMs: 0, known });

  /** swtpm answers a little later than its sockets are there. */
  const signsAgain = (signer: Pkcs11Signer) =>
    vi.waitFor(async () => expect(await signer.sign(new Uint8Array(32))).toHaveLength(64));

  it('signs again when it is back', async () => {
    const signer = await open();
    await token.stop();
    await expect(signer.sign(new Uint8Array(32))).rejects.toMatchObject({ code: expect.stringMatching(/^TOKEN_/) });
    await token.start();
    await signsAgain(signer);
    expect(signer).toMatchObject({ state: 'ready', trouble: undefined });
    await signer.close();
  });

  it('is waited for where it comes up later than the daemon', async () => {
    await token.stop();
    const signer = await open(key);
    expect(signer).toMatchObject({ state: 'recovering', trouble: { code: expect.stringMatching(/^TOKEN_/) } });
    await token.start();
    await signsAgain(signer);
    await signer.close();
  });
});
