import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadNative, type Pkcs11Handle } from '../../daemon/native.ts';
import { createKey } from '../../daemon/signing/index.ts';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('token-child.mjs', import.meta.url));
const DEADLINE_MS = 20_000;

let token: FaultyToken;

beforeAll(async () => {
  token = await createFaultyToken();
  await createKey(token.uri, 'ES256K');
});

afterAll(async () => {
  await token.remove();
});

beforeEach(() => {
  token.control();
});

async function child(scene: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const pin = (await readFile(token.sound.pinFile, 'utf8')).trim();
  const args = ['--expose-gc', CHILD, scene, token.modulePath, pin, join(token.sound.folder, 'control')];
  const env = { ...process.env, ...token.env, ...environment };
  // Rejects where the child crashes, fails or has to be killed.
  const { stdout } = await run(process.execPath, args, { env, timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
  return stdout.trim();
}

describe('a process', () => {
  it.each(['hang', 'hang-and-exit'])('ends in good order while a token hangs: %s', async (scene) => {
    expect(await child(scene)).toBe('hanging');
  });

  it('that exits lets a signature under way come to its end', async () => {
    const exiting = Number(await child('exit-at-work'));
    expect(Date.now() - exiting).toBeGreaterThanOrEqual(300);
  });

  it('ends in good order with a session open', async () => {
    expect(await child('leave-open')).toBe('64');
  });

  it('reads files while a token signs, even with one thread in its pool', async () => {
    const { reads, median } = JSON.parse(await child('one-thread', { UV_THREADPOOL_SIZE: '1' }));
    // Behind a signature in libuv's one thread, each would take 200 ms.
    expect(reads).toBeGreaterThan(20);
    expect(median).toBeLessThan(20);
  });

  it('outlives worker threads that end while their token is at work', async () => {
    expect(await child('workers')).toBe('64');
  });

  it('keeps neither memory nor threads of the sessions that it ended or dropped', async () => {
    const { before, after } = JSON.parse(await child('growth'));
    expect(after.threads).toBeLessThanOrEqual(before.threads + 2);
    expect(after.rssKb - before.rssKb).toBeLessThan(8_000);
  }, 60_000);
});

describe('the addon', () => {
  const addon = loadNative();

  it.each([
    ['a session of its own', () => addon.pkcs11Tokens({} as Pkcs11Handle)],
    ['a path', () => addon.pkcs11Open(7 as unknown as string)],
    ['a path that fits', () => addon.pkcs11Open('x'.repeat(5000))],
    ['a slot that fits', () => addon.pkcs11OpenSession(addon.pkcs11Open('m'), 2n ** 64n, false)],
    ['a slot that is positive', () => addon.pkcs11OpenSession(addon.pkcs11Open('m'), -1n, false)],
    ['a digest that fits', () => addon.pkcs11Sign(addon.pkcs11Open('m'), 1n, new Uint8Array(65))],
    ['bytes', () => addon.pkcs11Login(addon.pkcs11Open('m'), new Uint16Array(4) as unknown as Uint8Array)],
    ['a PIN that fits', () => addon.pkcs11Login(addon.pkcs11Open('m'), new Uint8Array(257))],
    ['a template', () => addon.pkcs11Find(addon.pkcs11Open('m'), [[0]] as never)],
    ['a short template', () => addon.pkcs11Find(addon.pkcs11Open('m'), Array(17).fill([0, true]))],
    ['values that fit', () => addon.pkcs11Find(addon.pkcs11Open('m'), [[3, new Uint8Array(513)]])],
    ['attribute types', () => addon.pkcs11Read(addon.pkcs11Open('m'), 1n, ['3'] as never)],
  ])('throws a TypeError unless it is given %s', (_what, call) => {
    expect(call).toThrow(TypeError);
  });

  it('names function, CKR and whether a retry helps', async () => {
    const session = addon.pkcs11Open(token.modulePath);
    await expect(addon.pkcs11Tokens(session)).rejects.toMatchObject({
      ckr: 'CKR_CRYPTOKI_NOT_INITIALIZED',
      function: 'C_GetSlotList',
      retryable: true,
      message: 'C_GetSlotList: CKR_CRYPTOKI_NOT_INITIALIZED',
    });
    await addon.pkcs11Initialize(session);
    for (const [number, ckr, retryable] of [
      [0x32, 'CKR_DEVICE_REMOVED', true],
      [0xa0, 'CKR_PIN_INCORRECT', false],
      [0x80000007, 'CKR_VENDOR_DEFINED+0x7', true],
      [0x7777, 'CKR_0x7777', true],
    ] as const) {
      token.control(`fail C_GetSlotList ${number}`);
      await expect(addon.pkcs11Tokens(session)).rejects.toMatchObject({ ckr, retryable, function: 'C_GetSlotList' });
    }
    await addon.pkcs11Finalize(session, false);
  });

  it('lets 32 calls wait and no more', async () => {
    const session = addon.pkcs11Open(token.modulePath);
    await addon.pkcs11Initialize(session);
    token.control('hang C_GetSlotList');
    const calls = Array.from({ length: 40 }, () => addon.pkcs11Tokens(session));
    await expect(calls.at(-1)).rejects.toMatchObject({ ckr: 'QUEUE_FULL' });
    token.control();
    const results = await Promise.allSettled(calls);
    const refused = results.filter(({ status }) => status === 'rejected').length;
    // One may have left the queue for the thread before the last was asked for.
    expect([7, 8]).toContain(refused);
    await addon.pkcs11Finalize(session, false);
    addon.pkcs11Stop(session);
    await expect(addon.pkcs11Tokens(session)).rejects.toMatchObject({ ckr: 'CLOSED' });
  });
});
