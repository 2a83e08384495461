import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKnownKey, rememberKey } from '../../daemon/gateway/known-key.ts';
import { kidToText, publicKeyToJson, thumbprint } from '../../daemon/proof/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { testSigner } from '../support/test-signer.ts';

const key = testSigner(1).publicKey;
const other = testSigner(2).publicKey;
const kidOf = (one: typeof key) => kidToText(thumbprint(one));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-known-'));
  write('identity', `${kidOf(key)}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

describe('the public key beside the outbox', () => {
  it('is known at the next start', async () => {
    await rememberKey(folder, key, keptLog());
    expect(await readKnownKey(folder)).toEqual(key);
    expect(readdirSync(folder).sort()).toEqual(['identity', 'public-key.json']);
  });

  it.each([
    ['of another device than the folder', () => write('public-key.json', JSON.stringify(publicKeyToJson(other)))],
    ['that is damaged', () => write('public-key.json', '{"kty":"EC","crv":"secp')],
    ['that is no key', () => write('public-key.json', '{}')],
    ['of a folder that was given to another key', () => rmSync(join(folder, 'identity'))],
  ])('%s counts for nothing', async (_what, spoil) => {
    await rememberKey(folder, key, keptLog());
    spoil();
    expect(await readKnownKey(folder)).toBe(undefined);
  });

  it('is mended where it was damaged', async () => {
    write('public-key.json', 'garbage');
    await rememberKey(folder, key, keptLog());
    expect(await readKnownKey(folder)).toEqual(key);
  });

  it('is unknown where the folder is not there, and nothing ends where it cannot be written', async () => {
    const nowhere = join(folder, 'nowhere');
    expect(await readKnownKey(nowhere)).toBe(undefined);
    const log = keptLog();
    await rememberKey(nowhere, key, log);
    expect(log.lines.map(({ phrase }) => phrase)).toEqual([
      'the public key is not kept: the next start needs the token',
    ]);
  });
});
