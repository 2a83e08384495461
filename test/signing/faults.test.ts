import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PublicKey } from '../../daemon/proof/signature.ts';
import { verifyDigest } from '../../daemon/signing/ecdsa.ts';
import { createKey, openSigner } from '../../daemon/signing/index.ts';
import { type Pkcs11Options, Pkcs11Signer } from '../../daemon/signing/pkcs11.ts';
import { parseSignerUri } from '../../daemon/signing/uri.ts';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';

const RECOVER_EVERY_MS = 30_000;

let token: FaultyToken;
let key: PublicKey;
let signer: Pkcs11Signer | undefined;
let now = 0;

beforeAll(async () => {
  token = await createFaultyToken();
  key = await createKey(token.uri, 'ES256K');
});

afterAll(async () => {
  await token.remove();
});

beforeEach(() => {
  now = 0;
  token.control();
});

afterEach(async () => {
  token.control();
  await signer?.close();
  signer = undefined;
});

const digest = (): Uint8Array => new Uint8Array(randomBytes(32));

async function open(changes: Partial<Pkcs11Options> = {}): Promise<Pkcs11Signer> {
  const uri = parseSignerUri(token.uri);
  if (uri.scheme !== 'pkcs11') throw new Error('not a token');
  signer = await Pkcs11Signer.open({
    uri,
    timeout: 10_000,
    recoverEveryMs: RECOVER_EVERY_MS,
    now: () => now,
    ...changes,
  });
  return signer;
}

async function expectSignature(from: Pkcs11Signer): Promise<void> {
  const signed = digest();
  expect(await verifyDigest(key, signed, await from.sign(signed))).toBe(true);
}

/** Calls of a function that `during` makes. */
async function callsDuring(name: string, during: () => Promise<unknown>): Promise<number> {
  const before = token.calls(name);
  await during();
  return token.calls(name) - before;
}

describe('a token that takes 200 ms for each signature', () => {
  // Again where something else holds the machine up: a stall by the token would be 200 ms long each time.
  it('stalls the event loop for less than 20 ms and delays no file access', { retry: 8 }, async () => {
    const slow = await open();
    await expectSignature(slow);
    token.control('delay C_Sign 200');
    const path = join(token.sound.folder, 'some-file');
    await writeFile(path, randomBytes(4096));

    const delay = monitorEventLoopDelay({ resolution: 1 });
    const reads: number[] = [];
    delay.enable();
    const began = performance.now();
    let signing = true;
    const signed = Promise.all([digest(), digest()].map((one) => slow.sign(one)));
    const done = signed.finally(() => {
      signing = false;
    });
    while (signing) {
      const start = performance.now();
      await readFile(path);
      reads.push(performance.now() - start);
    }
    await done;
    delay.disable();

    expect(performance.now() - began).toBeGreaterThan(400);
    expect(delay.max / 1e6).toBeLessThan(20);
    reads.sort((a, b) => a - b);
    expect(reads[Math.floor(reads.length * 0.99)]).toBeLessThan(20);
    expect(reads.length).toBeGreaterThan(100);
  });
});

describe('a token that is lost', () => {
  it.each([
    ['CKR_DEVICE_REMOVED', 0x32],
    ['CKR_DEVICE_ERROR', 0x30],
    ['CKR_SESSION_HANDLE_INVALID', 0xb3],
    ['CKR_TOKEN_NOT_PRESENT', 0xe0],
    ['CKR_GENERAL_ERROR', 0x05],
    ['a number of its vendor', 0x80001234],
  ])('once, with %s, is opened again by the signature that finds it lost', async (_name, ckr) => {
    const opened = await open();
    // The rule is lifted as soon as the token is being finalized.
    token.control('delay C_Finalize 1', `fail C_Sign ${ckr}`);
    const lifted = opened.sign(digest());
    await untilCalled('C_Finalize', token.calls('C_Finalize'));
    token.control();
    await lifted;
    expect(opened.state).toBe('ready');
    await expectSignature(opened);
  });

  it('again and again is opened at most once in 30 s, and fails in between without being asked', async () => {
    const opened = await open();
    token.control('lose-after 0');
    const initialized = await callsDuring('C_Initialize', async () => {
      await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
      expect(opened.state).toBe('recovering');
      for (now = 1000; now < RECOVER_EVERY_MS; now += 4000) {
        await expect(opened.sign(digest())).rejects.toThrow(/CKR_DEVICE_REMOVED/);
      }
    });
    expect(initialized).toBe(1);
    token.control();
    now = RECOVER_EVERY_MS - 1;
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
    now = RECOVER_EVERY_MS;
    await expectSignature(opened);
    expect(opened.state).toBe('ready');
  });

  it('after three signatures goes on signing, with one recovery', async () => {
    const opened = await open();
    token.control('lose-after 4');
    const initialized = await callsDuring('C_Initialize', async () => {
      for (let i = 0; i < 6; i++) await expectSignature(opened);
    });
    expect(initialized).toBe(1);
  });

  it('by one of two signers in a process comes back for both', async () => {
    const first = await open();
    const second = await openSigner({ uri: token.uri, algorithm: 'ES256K', timeout: 10_000 });
    token.control('lose-after 2');
    await expectSignature(first);
    token.control();
    expect(await verifyDigest(key, new Uint8Array(32), await second.sign(new Uint8Array(32)))).toBe(true);
    await expectSignature(first);
    await second.close();
  });
});

describe('a token that refuses a call for good', () => {
  it('is not opened again: nothing would change', async () => {
    const opened = await open();
    token.control('fail C_Sign 0x70');
    const initialized = await callsDuring('C_Initialize', async () => {
      await expect(opened.sign(digest())).rejects.toThrow(/C_Sign: CKR_MECHANISM_INVALID/);
    });
    expect(initialized).toBe(0);
    expect(opened.state).toBe('ready');
  });

  it('says so at the start', async () => {
    token.control('fail C_GetSlotList 0x30');
    await expect(open()).rejects.toMatchObject({
      code: 'TOKEN_FAILED',
      message: expect.stringContaining('CKR_DEVICE_ERROR'),
    });
  });
});

describe('a token that signs wrongly', () => {
  it('is found out at the start', async () => {
    token.control('corrupt C_Sign');
    await expect(open()).rejects.toThrow(/does not verify with its public key/);
  });

  it('gives no wrong signature away', async () => {
    const opened = await open();
    token.control('corrupt C_Sign');
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
    token.control();
    now = RECOVER_EVERY_MS;
    await expectSignature(opened);
  });
});

describe('a token that refuses the PIN', () => {
  const wrongPin = async (): Promise<void> => writeFile(token.sound.pinFile, 'wrong\n');

  it('is asked once, at the start', async () => {
    const right = await readFile(token.sound.pinFile);
    await wrongPin();
    try {
      const logins = await callsDuring('C_Login', async () => {
        await expect(open()).rejects.toMatchObject({ code: 'PIN_WRONG' });
      });
      expect(logins).toBe(1);
    } finally {
      await writeFile(token.sound.pinFile, right);
    }
  });

  it('when it is opened again is asked once, and never more, however long it runs', async () => {
    const right = await readFile(token.sound.pinFile);
    const opened = await open();
    await wrongPin();
    try {
      token.control('lose-after 1');
      const logins = await callsDuring('C_Login', async () => {
        for (let i = 0; i < 5; i++) {
          await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'PIN_WRONG' });
          expect(opened.state).toBe('pin-latched');
          now += RECOVER_EVERY_MS;
        }
      });
      expect(logins).toBe(1);
    } finally {
      await writeFile(token.sound.pinFile, right);
    }
  });

  it('is asked again when somebody says so, but not with the PIN that it refused', async () => {
    const right = await readFile(token.sound.pinFile);
    const opened = await open();
    await wrongPin();
    try {
      token.control('lose-after 1');
      await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'PIN_WRONG' });
      token.control();
      opened.retry();
      expect(opened.state).toBe('recovering');
      const again = await callsDuring('C_Login', () =>
        expect(opened.sign(digest())).rejects.toThrow(/has refused it before/),
      );
      expect({ again, state: opened.state }).toEqual({ again: 0, state: 'pin-latched' });
    } finally {
      await writeFile(token.sound.pinFile, right);
    }
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'PIN_WRONG' });
    opened.retry();
    expect(await callsDuring('C_Login', () => expectSignature(opened))).toBe(1);
    expect(opened).toMatchObject({ state: 'ready', trouble: undefined });
  });

  it.each([
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED'],
    ['CKR_PIN_EXPIRED', 0xa3, 'PIN_WRONG'],
    ['CKR_USER_PIN_NOT_INITIALIZED', 0x102, 'PIN_WRONG'],
  ])('is asked once, whatever it says: %s', async (_name, ckr, code) => {
    token.control(`fail C_Login ${ckr}`);
    expect(await callsDuring('C_Login', () => expect(open()).rejects.toMatchObject({ code }))).toBe(1);
  });

  it.each([
    ['has one try left', 0x2_0000],
    ['is locked', 0x4_0000],
  ])('is not asked at all where it says that it %s', async (_what, flags) => {
    token.control(`flags ${flags}`);
    expect(await callsDuring('C_Login', () => expect(open()).rejects.toMatchObject({ code: 'PIN_LOCKED' }))).toBe(0);
  });

  it('is asked twice at most where it does not answer', async () => {
    const opened = await open();
    token.control('fail C_Sign 0x32', 'fail C_Login 0x30');
    const logins = await callsDuring('C_Login', async () => {
      for (let i = 0; i < 5; i++) {
        await expect(opened.sign(digest())).rejects.toMatchObject({ name: 'FieldsealError' });
        now += RECOVER_EVERY_MS;
      }
    });
    expect(logins).toBe(2);
    expect(opened.state).toBe('pin-latched');
  });
});

describe('a token that hangs', () => {
  it('times out, refuses from then on without waiting, and is opened again when it comes back', async () => {
    const opened = await open({ timeout: 150 });
    token.control('hang C_Sign');
    const waiting = [opened.sign(digest()), opened.sign(digest())];
    await expect(waiting[0]).rejects.toMatchObject({
      code: 'TOKEN_TIMEOUT',
      message: expect.stringContaining('C_Sign'),
    });
    expect(opened.state).toBe('wedged');
    await expect(waiting[1]).rejects.toMatchObject({ code: 'TOKEN_TIMEOUT' });
    const start = performance.now();
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(100);

    token.control();
    await expect.poll(() => opened.state).toBe('recovering');
    const initialized = await callsDuring('C_Initialize', () => expectSignature(opened));
    expect(initialized).toBe(1);
  });

  it('at the start is a timeout as well', async () => {
    token.control('hang C_OpenSession');
    await expect(open({ timeout: 150 })).rejects.toMatchObject({ code: 'TOKEN_TIMEOUT' });
  });

  it('is closed without waiting for it', async () => {
    const opened = await open({ timeout: 150 });
    token.control('hang C_Sign');
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_TIMEOUT' });
    await opened.close();
    expect(opened.state).toBe('closed');
    await expect(opened.sign(digest())).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
  });
});

describe('closing', () => {
  it('waits for the signature under way and refuses those that wait', async () => {
    const opened = await open();
    token.control('delay C_Sign 100');
    const asked = [opened.sign(digest()), opened.sign(digest())];
    const results = Promise.allSettled(asked);
    await untilCalled('C_Sign', token.calls('C_Sign'));
    await opened.close();
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

/** Resolves when a function is called for the next time. */
async function untilCalled(name: string, seen: number): Promise<void> {
  await expect.poll(() => token.calls(name), { interval: 2 }).toBeGreaterThan(seen);
}
