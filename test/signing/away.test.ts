import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kidToText, thumbprint } from '../../daemon/proof/index.ts';
import type { PublicKey } from '../../daemon/proof/signature.ts';
import { verifyDigest } from '../../daemon/signing/ecdsa.ts';
import { createKey, openDeviceSigner, provisionSoftHsm } from '../../daemon/signing/index.ts';
import { Pkcs11Signer } from '../../daemon/signing/pkcs11.ts';
import { parseSignerUri } from '../../daemon/signing/uri.ts';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';
import { testSigner } from '../support/test-signer.ts';

const RECOVER_EVERY_MS = 30_000;

let token: FaultyToken;
let key: PublicKey;
let signer: Pkcs11Signer | undefined;
let now = 0;
/** The token's store, and copies of what may lie there instead. */
let store: string;
let own: string;
let otherKey: string;
let otherToken: string;

const path = (name: string) => join(token.sound.folder, name);

/** What SoftHSM finds in its slots from its next C_Initialize on. */
function insert(content: string | undefined): void {
  rmSync(store, { recursive: true });
  if (content === undefined) mkdirSync(store);
  else cpSync(content, store, { recursive: true });
}

const remove = () => insert(undefined);

beforeAll(async () => {
  token = await createFaultyToken();
  [store, own, otherKey, otherToken] = [path('tokens'), path('own'), path('other-key'), path('other-token')];
  key = await createKey(token.uri, 'ES256K');
  cpSync(store, own, { recursive: true });
  const [slot = ''] = readdirSync(store);
  for (const file of readdirSync(join(store, slot))) {
    if (!/^(token\.object|generation)/.test(file)) rmSync(join(store, slot, file));
  }
  expect(await createKey(token.uri, 'ES256K')).not.toEqual(key);
  renameSync(store, otherKey);

  const other = await provisionSoftHsm(path('other'));
  renameSync(join(path('other'), 'tokens'), otherToken);
  rmSync(other.pinFile);
  mkdirSync(store);
});

afterAll(async () => {
  await token.remove();
});

beforeEach(() => {
  now = 0;
  token.control();
  insert(own);
});

afterEach(async () => {
  token.control();
  await signer?.close();
  signer = undefined;
});

const digest = (): Uint8Array => new Uint8Array(randomBytes(32));

async function open(known?: PublicKey, more: { timeout?: number; patienceMs?: number } = {}): Promise<Pkcs11Signer> {
  const uri = parseSignerUri(token.uri);
  if (uri.scheme !== 'pkcs11') throw new Error('not a token');
  signer = await Pkcs11Signer.open({
    ...{ uri, known, timeout: 10_000, recoverEveryMs: RECOVER_EVERY_MS, now: () => now },
    ...more,
  });
  return signer;
}

async function expectSignature(from: Pkcs11Signer): Promise<void> {
  const signed = digest();
  expect(await verifyDigest(key, signed, await from.sign(signed))).toBe(true);
  expect(from).toMatchObject({ state: 'ready', trouble: undefined });
}

/** Calls of a function that `during` makes. */
async function callsDuring(name: string, during: () => Promise<unknown>): Promise<number> {
  const before = token.calls(name);
  await during();
  return token.calls(name) - before;
}

/** The session breaks, as it does with a token that is pulled; what is in its place is found at the next recovery. */
async function loseInto(opened: Pkcs11Signer, change: () => void, code: string): Promise<void> {
  change();
  token.control('lose-after 1');
  await expect(opened.sign(digest())).rejects.toMatchObject({ code });
  token.control();
}

describe('a token that is pulled while the daemon runs', () => {
  it('and put back signs again, the same key and nothing asked of anybody', async () => {
    const opened = await open();
    await loseInto(opened, remove, 'TOKEN_NOT_FOUND');
    expect(opened).toMatchObject({ state: 'recovering', trouble: { code: 'TOKEN_NOT_FOUND' } });
    now += RECOVER_EVERY_MS;
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    insert(own);
    now += RECOVER_EVERY_MS - 1;
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    now += 1;
    expect(await callsDuring('C_Login', () => expectSignature(opened))).toBe(1);
  });

  it('and replaced by another token of the same name: that one is not even asked for its PIN', async () => {
    const opened = await open();
    const logins = await callsDuring('C_Login', async () => {
      await loseInto(opened, () => insert(otherToken), 'TOKEN_NOT_FOUND');
      now += RECOVER_EVERY_MS;
      await expect(opened.sign(digest())).rejects.toThrow(/serial=[^;]+; present: "fieldseal" \(serial [0-9a-f]+\)/);
    });
    expect(logins).toBe(0);
    insert(own);
    now += RECOVER_EVERY_MS;
    await expectSignature(opened);
  });

  it('and put back beside another token of the same name: the right one is taken', async () => {
    const opened = await open();
    const slots = token.sessions().length;
    await loseInto(opened, remove, 'TOKEN_NOT_FOUND');
    insert(own);
    cpSync(otherToken, store, { recursive: true });
    now += RECOVER_EVERY_MS;
    expect(await callsDuring('C_Login', () => expectSignature(opened))).toBe(1);
    expect(token.sessions().slice(slots)).toHaveLength(1);
  });

  it('and comes back with another key: nothing is signed with that, and all is well when the right one is back', async () => {
    const opened = await open();
    const signed = await callsDuring('C_Sign', async () => {
      await loseInto(opened, () => insert(otherKey), 'KEY_CHANGED');
      now += RECOVER_EVERY_MS;
      await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'KEY_CHANGED' });
    });
    expect(signed).toBe(0);
    expect(opened).toMatchObject({ state: 'recovering', trouble: { code: 'KEY_CHANGED' } });
    insert(own);
    now += RECOVER_EVERY_MS;
    await expectSignature(opened);
  });
});

describe('a wrong PIN', () => {
  it('touches no other token in the machine', async () => {
    const right = readFileSync(token.sound.pinFile);
    const opened = await open();
    const slot = token.sessions().at(-1);
    cpSync(otherToken, store, { recursive: true });
    writeFileSync(token.sound.pinFile, 'wrong\n');
    try {
      const slots = token.sessions().length;
      const logins = await callsDuring('C_Login', () => loseInto(opened, () => {}, 'PIN_WRONG'));
      expect({ logins, slots: token.sessions().slice(slots) }).toEqual({ logins: 1, slots: [slot] });
    } finally {
      writeFileSync(token.sound.pinFile, right);
    }
  });
});

describe('a token that is away at the start', () => {
  it('is waited for where its key is known', async () => {
    remove();
    const opened = await open(key);
    expect(opened).toMatchObject({ state: 'recovering', publicKey: key, trouble: { code: 'TOKEN_NOT_FOUND' } });
    expect(opened.holder).toBe(`pkcs11:token=fieldseal;object=fieldseal`);
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    insert(own);
    now += RECOVER_EVERY_MS;
    await expectSignature(opened);
    expect(opened.holder).toMatch(/^SoftHSM/);
  });

  it('is looked for at once where somebody says that it is there', async () => {
    remove();
    const opened = await open(key);
    insert(own);
    opened.retry();
    await expectSignature(opened);
  });

  it('ends the start where no key is known', async () => {
    remove();
    await expect(open()).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND', isTemporary: true });
  });

  it.each([
    ['fails', 'fail C_GetSlotList 0x30', 'TOKEN_FAILED'],
    ['signs wrongly', 'corrupt C_Sign', 'TOKEN_FAILED'],
    ['loses its session', 'fail C_FindObjectsInit 0xb3', 'TOKEN_FAILED'],
  ])('but %s is waited for as well', async (_what, rule, code) => {
    token.control(rule);
    const opened = await open(key);
    expect(opened).toMatchObject({ state: 'recovering', trouble: { code } });
    token.control();
    now += RECOVER_EVERY_MS;
    await expectSignature(opened);
  });

  it.each([
    ['with another key', () => insert(otherKey), 'KEY_CHANGED'],
    ['without a key', () => insert(otherToken), 'PIN_WRONG'],
  ])('is not waited for where it is there, %s', async (_what, change, code) => {
    change();
    await expect(open(key)).rejects.toMatchObject({ code, isTemporary: false });
  });
});

describe('a token that takes its time at the start', () => {
  it('does not keep a gateway that knows its key from reading', async () => {
    token.control('hang C_OpenSession');
    const opened = await open(key, { patienceMs: 50 });
    expect(opened).toMatchObject({ state: 'recovering', trouble: undefined });
    const signed = digest();
    const signing = opened.sign(signed);
    token.control();
    expect(await verifyDigest(key, signed, await signing)).toBe(true);
  });

  it('and never answers is wedged, until it does', async () => {
    token.control('hang C_Initialize');
    const opened = await open(key, { timeout: 150 });
    expect(opened).toMatchObject({ state: 'wedged', trouble: { code: 'TOKEN_TIMEOUT' } });
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_TIMEOUT' });
    token.control();
    await expect.poll(() => opened.state).toBe('recovering');
    now += RECOVER_EVERY_MS;
    await expectSignature(opened);
  });

  it('and then refuses the PIN is latched, after one try', async () => {
    const right = readFileSync(token.sound.pinFile);
    writeFileSync(token.sound.pinFile, 'wrong\n');
    try {
      token.control('delay C_Login 200');
      const logins = await callsDuring('C_Login', async () => {
        const opened = await open(key, { patienceMs: 50 });
        for (let i = 0; i < 3; i++) {
          await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'PIN_WRONG' });
          now += RECOVER_EVERY_MS;
        }
        expect(opened.state).toBe('pin-latched');
      });
      expect(logins).toBe(1);
    } finally {
      writeFileSync(token.sound.pinFile, right);
    }
  });
});

describe('the key of a device', () => {
  const options = (kid?: string) => ({ uri: token.uri, algorithm: 'ES256K' as const, kid, timeout: 10_000 });
  const kidOf = (one: PublicKey) => kidToText(thumbprint(one));

  it('that the configuration names is held against the one that is known', async () => {
    remove();
    const known = await openDeviceSigner(options(kidOf(key)), key);
    expect(known.state).toBe('recovering');
    await known.close();
    const stranger = openDeviceSigner(options(kidOf(testSigner(3).publicKey)), key);
    await expect(stranger).rejects.toMatchObject({ code: 'KEY_CHANGED' });
  });

  it('that is known on another curve than is configured is not waited for', async () => {
    remove();
    const opening = openDeviceSigner({ ...options(), algorithm: 'ES256' }, key);
    await expect(opening).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
  });
});
