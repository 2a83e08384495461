import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kidToText, publicKeyToJson, thumbprint } from '../../daemon/proof/index.ts';
import type { Algorithm, PublicKey } from '../../daemon/proof/signature.ts';
import { createKey, openSigner, showKey } from '../../daemon/signing/index.ts';

const CURVE = { ES256K: 'secp256k1', ES256: 'P-256' } as const;
const MESSAGE = Buffer.from('what is sealed');
const DIGEST = new Uint8Array(createHash('sha256').update(MESSAGE).digest());

let folder: string;
const file = (name: string): string => join(folder, name);
const open = (path: string, algorithm: Algorithm, kid?: string) =>
  openSigner({ uri: `file:${path}`, algorithm, kid, timeout: 1000 });

function opensslVerifies(key: PublicKey, signature: Uint8Array): boolean {
  const { kty, crv, x, y } = publicKeyToJson(key);
  const imported = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  return verify('sha256', MESSAGE, { key: imported, dsaEncoding: 'ieee-p1363' }, signature);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-software-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each<Algorithm>(['ES256K', 'ES256'])('a software key, %s', (algorithm) => {
  it('is made in a file that nobody else may read, and signs what OpenSSL verifies', async () => {
    const path = file(`${algorithm}.json`);
    const made = await createKey(`file:${path}`, algorithm);
    expect(statSync(path).mode & 0o777).toBe(0o600);

    const signer = await open(path, algorithm, kidToText(thumbprint(made)));
    expect(signer.publicKey).toEqual(made);
    expect(signer.custody).toEqual({ hardware: false, holder: `file ${path}` });
    const signature = await signer.sign(DIGEST);
    expect(signature).toHaveLength(64);
    expect(opensslVerifies(made, signature)).toBe(true);
    await signer.close();
    await expect(signer.sign(DIGEST)).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
    expect(await showKey(`file:${path}`)).toMatchObject({ publicKey: made });
  });

  it.each(['pkcs8', 'sec1'] as const)('is read from PEM, %s', async (type) => {
    const path = file(`${algorithm}-${type}.pem`);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE[algorithm] });
    writeFileSync(path, privateKey.export({ type, format: 'pem' }), { mode: 0o600 });
    const signer = await open(path, algorithm);
    expect(opensslVerifies(signer.publicKey, await signer.sign(DIGEST))).toBe(true);
    const jwk = privateKey.export({ format: 'jwk' });
    expect(publicKeyToJson(signer.publicKey)).toMatchObject({ x: jwk.x, y: jwk.y });
  });

  it('signs only digests', async () => {
    const signer = await open(file(`${algorithm}.json`), algorithm);
    await expect(signer.sign(MESSAGE)).rejects.toThrow(RangeError);
  });
});

describe('a software key is refused', () => {
  const jwk = (changes: object): string => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...changes });
  };

  it('and kept, where one is to be made in its place', async () => {
    const path = file('kept.json');
    await createKey(`file:${path}`, 'ES256');
    const before = readFileSync(path);
    await expect(createKey(`file:${path}`, 'ES256')).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('where none is there: none is made', async () => {
    await expect(open(file('none.json'), 'ES256')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(() => statSync(file('none.json'))).toThrow(/ENOENT/);
  });

  it.each([0o640, 0o604, 0o620])('with mode %o', async (mode) => {
    const path = file(`mode-${mode}.json`);
    await createKey(`file:${path}`, 'ES256');
    chmodSync(path, mode);
    await expect(open(path, 'ES256')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('on the other curve', async () => {
    await expect(open(file('ES256.json'), 'ES256K')).rejects.toMatchObject({ code: 'KEY_UNSUITABLE' });
  });

  it('with another key id than the one that is known', async () => {
    await expect(open(file('ES256.json'), 'ES256', 'A'.repeat(43))).rejects.toMatchObject({ code: 'KEY_CHANGED' });
  });

  it.each([
    ['no key at all', () => 'hello'],
    ['broken JSON', () => '{"kty":"EC",'],
    [
      'an RSA key',
      () =>
        String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })),
    ],
    [
      'a P-384 key',
      () =>
        String(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' })),
    ],
    [
      'an encrypted PEM',
      () =>
        String(
          generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
            type: 'pkcs8',
            format: 'pem',
            cipher: 'aes-128-cbc',
            passphrase: 'x',
          }),
        ),
    ],
    ['no private part', () => jwk({ d: undefined })],
    ['a private part that is 0', () => jwk({ d: Buffer.alloc(32).toString('base64url') })],
    ['a public part of another key', () => jwk({ d: Buffer.alloc(32, 1).toString('base64url') })],
  ])('with %s in the file', async (what, content) => {
    const path = file(`bad-${what.replaceAll(' ', '-')}`);
    writeFileSync(path, content(), { mode: 0o600 });
    await expect(open(path, 'ES256')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', place: path });
  });

  it('where it cannot be written', async () => {
    await expect(createKey(`file:${file('no/such/folder')}`, 'ES256')).rejects.toMatchObject({
      code: 'FILE_NOT_WRITABLE',
    });
  });
});
