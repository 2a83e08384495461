import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNative } from '../../daemon/native.ts';
import { kidToText, publicKeyToJson, thumbprint } from '../../daemon/proof/index.ts';
import type { Algorithm, PublicKey } from '../../daemon/proof/signature.ts';
import { CKA } from '../../daemon/signing/attributes.ts';
import { ecParams } from '../../daemon/signing/curve.ts';
import { createKey, openSigner, type Signer, showKey } from '../../daemon/signing/index.ts';
import { toLowS } from '../../daemon/signing/low-s.ts';
import { createSoftToken, type SoftToken } from '../support/soft-token.ts';

let token: SoftToken;

beforeAll(async () => {
  token = await createSoftToken();
});

afterAll(async () => {
  await token.remove();
});

const open = (uri: string, algorithm: Algorithm, kid?: string): Promise<Signer> =>
  openSigner({ uri, algorithm, kid, timeout: 10_000 });

async function withSigner<T>(uri: string, algorithm: Algorithm, use: (signer: Signer) => Promise<T>): Promise<T> {
  const signer = await open(uri, algorithm);
  try {
    return await use(signer);
  } finally {
    await signer.close();
  }
}

function opensslVerifies(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const { kty, crv, x, y } = publicKeyToJson(key);
  const imported = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  return verify('sha256', message, { key: imported, dsaEncoding: 'ieee-p1363' }, signature);
}

describe('provisioning', () => {
  it('keeps the PIN in a file that nobody else may read, and out of the URI', () => {
    expect(statSync(token.pinFile).mode & 0o777).toBe(0o600);
    expect(token.uri).not.toContain(readFileSync(token.pinFile, 'utf8').trim());
  });
});

describe.each<Algorithm>(['ES256K', 'ES256'])('a key in SoftHSM, %s', (algorithm) => {
  let uri: string;
  let key: PublicKey;

  beforeAll(async () => {
    uri = token.keyUri(`device-${algorithm}`);
    key = await createKey(uri, algorithm);
  });

  it('is made once and found again', async () => {
    expect(key.algorithm).toBe(algorithm);
    const shown = await showKey(uri);
    expect(shown.publicKey).toEqual(key);
    expect(shown.custody).toEqual({ hardware: false, holder: expect.stringContaining('SoftHSM') });
    expect(shown.custody.holder).toMatch(/SoftHSM.*"fieldseal", serial [0-9a-f]{16}$/);
    await expect(createKey(uri, algorithm)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  it('signs digests that OpenSSL verifies, always with low S', async () => {
    await withSigner(uri, algorithm, async (signer) => {
      expect(signer.state).toBe('ready');
      for (let i = 0; i < 40; i++) {
        const message = randomBytes(100);
        const signature = await signer.sign(new Uint8Array(createHash('sha256').update(message).digest()));
        expect(signature).toHaveLength(64);
        expect(toLowS(algorithm, signature)).toEqual(signature);
        expect(opensslVerifies(key, message, signature)).toBe(true);
      }
    });
  });

  it('signs one at a time what is asked for at once', async () => {
    await withSigner(uri, algorithm, async (signer) => {
      const messages = Array.from({ length: 16 }, () => randomBytes(10));
      const signatures = await Promise.all(
        messages.map((message) => signer.sign(new Uint8Array(createHash('sha256').update(message).digest()))),
      );
      signatures.forEach((signature, i) => {
        expect(opensslVerifies(key, messages[i]!, signature)).toBe(true);
      });
    });
  });

  it('refuses more than it can hold, and goes on', async () => {
    await withSigner(uri, algorithm, async (signer) => {
      const digest = new Uint8Array(32);
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => signer.sign(digest)));
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused).toHaveLength(4);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'TOKEN_BUSY' });
      expect(await signer.sign(digest)).toHaveLength(64);
    });
  });

  it('is refused where the other curve is configured', async () => {
    const other = algorithm === 'ES256' ? 'ES256K' : 'ES256';
    await expect(open(uri, other)).rejects.toMatchObject({ code: 'KEY_UNSUITABLE' });
  });

  it('is refused where the device is known by another key', async () => {
    await expect(open(uri, algorithm, 'A'.repeat(43))).rejects.toMatchObject({ code: 'KEY_CHANGED' });
    const signer = await open(uri, algorithm, kidToText(thumbprint(key)));
    await signer.close();
  });

  it('serves two signers in one process, and outlives the first', async () => {
    const [first, second] = [await open(uri, algorithm), await open(uri, algorithm)];
    await first.close();
    expect(await second.sign(new Uint8Array(32))).toHaveLength(64);
    await second.close();
  });

  it('is named by id as well, and its id is not given to another', async () => {
    const id = algorithm === 'ES256K' ? '%0a%0b' : '%0a%0c';
    const made = await createKey(uri.replace(/object=[^?]*/, `object=by-id-${algorithm};id=${id}`), algorithm);
    const byId = uri.replace(/object=[^?]*/, `id=${id}`);
    expect((await showKey(byId)).publicKey).toEqual(made);
    const other = uri.replace(/object=[^?]*/, `object=other-${algorithm};id=${id}`);
    await expect(createKey(other, algorithm)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect((await showKey(byId)).publicKey).toEqual(made);
  });
});

describe('a signer is refused, and no key made', () => {
  const changed = (pattern: RegExp, to: string): string => token.uri.replace(pattern, to);

  it.each([
    ['KEY_NOT_FOUND', 'a key that is not there', () => token.keyUri('missing')],
    ['TOKEN_NOT_FOUND', 'a token that is not there', () => changed(/token=[^;]*/, 'token=missing')],
    ['TOKEN_NOT_FOUND', 'another serial number', () => changed(/token=/, 'serial=ffff;token=')],
    ['TOKEN_NOT_FOUND', 'another library', () => changed(/token=/, 'library-manufacturer=Other;token=')],
    ['PIN_MISSING', 'no PIN', () => changed(/&pin-source=.*/, '')],
    [
      'FILE_NOT_READABLE',
      'a PIN file that is not there',
      () => changed(/pin-source=.*/, 'pin-source=/nonexistent/pin'),
    ],
    [
      'MODULE_NOT_LOADED',
      'a module that is not there',
      () => changed(/module-path=[^&]*/, 'module-path=/nonexistent.so'),
    ],
    ['MODULE_NOT_LOADED', 'a file that is no library', () => changed(/module-path=[^&]*/, 'module-path=/etc/passwd')],
  ])('%s: %s', async (code, _what, uri) => {
    await expect(open(uri(), 'ES256K')).rejects.toMatchObject({ code });
    await expect(showKey(token.keyUri('missing'))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  it('MODULE_NOT_LOADED: a library that is no PKCS#11 module', async () => {
    const libc = execFileSync('/bin/sh', ['-c', 'ls /lib/*/libm.so.6 /lib/libm.so.6 2>/dev/null | head -1']);
    const uri = changed(/module-path=[^&]*/, `module-path=${String(libc).trim()}`);
    await expect(open(uri, 'ES256K')).rejects.toThrow(/no C_GetFunctionList/);
  });

  it('PIN_MISSING: an empty PIN file', async () => {
    const empty = join(token.folder, 'empty-pin');
    writeFileSync(empty, '\n');
    await expect(open(changed(/pin-source=.*/, `pin-source=${empty}`), 'ES256K')).rejects.toMatchObject({
      code: 'PIN_MISSING',
    });
  });

  it('TOKEN_AMBIGUOUS: a URI that two tokens match', async () => {
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'second', '--pin', '1234', '--so-pin', '1234']);
    await expect(open(changed(/token=[^;]*;/, ''), 'ES256K')).rejects.toMatchObject({ code: 'TOKEN_AMBIGUOUS' });
  });

  it('KEY_AMBIGUOUS: a name that two keys bear', async () => {
    importKey('twice', '71');
    importKey('twice', '72');
    await expect(open(token.keyUri('twice'), 'ES256')).rejects.toMatchObject({ code: 'KEY_AMBIGUOUS' });
    const signer = await open(changed(/object=[^?]*/, 'object=twice;id=%72'), 'ES256');
    await signer.close();
  });

  it('KEY_UNSUITABLE: a key that can be taken out of the token', async () => {
    await generateExtractable('leaky');
    await expect(open(token.keyUri('leaky'), 'ES256')).rejects.toThrow(/can be taken out of the token/);
  });
});

describe('a key that was brought into the token', () => {
  it('serves, and is not called hardware-held', async () => {
    importKey('imported', '77');
    const { custody } = await showKey(token.keyUri('imported'));
    expect(custody).toEqual({ hardware: false, holder: expect.stringMatching(/brought in from outside$/) });
  });
});

function importKey(label: string, id: string): void {
  const pem = join(token.folder, `${label}-${id}.pem`);
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  execFileSync('openssl', ['genpkey', ...curve, '-out', pem], { stdio: 'ignore' });
  const pin = readFileSync(token.pinFile, 'utf8').trim();
  const where = ['--token', 'fieldseal', '--label', label, '--id', id, '--pin', pin];
  execFileSync('softhsm2-util', ['--import', pem, ...where], { stdio: 'ignore' });
}

async function generateExtractable(label: string): Promise<void> {
  const addon = loadNative();
  const session = addon.pkcs11Open(token.modulePath);
  await addon.pkcs11Initialize(session);
  const [found] = (await addon.pkcs11Tokens(session)).filter((candidate) => candidate.label === 'fieldseal');
  await addon.pkcs11OpenSession(session, found!.slot, true);
  await addon.pkcs11Login(session, new TextEncoder().encode(readFileSync(token.pinFile, 'utf8').trim()));
  const names = [
    [CKA.TOKEN, true],
    [CKA.LABEL, new TextEncoder().encode(label)],
    [CKA.ID, Uint8Array.of(0x55)],
  ] as const;
  await addon.pkcs11Generate(
    session,
    [...names, [CKA.EC_PARAMS, ecParams('ES256')]],
    [...names, [CKA.SIGN, true], [CKA.EXTRACTABLE, true]],
  );
  await addon.pkcs11Finalize(session, false);
  addon.pkcs11Stop(session);
}
