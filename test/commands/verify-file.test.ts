import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kidToText, publicKeyToJson, thumbprint } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { fixes, SOURCES, seal } from '../proof/samples.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { testSigner } from '../support/test-signer.ts';

const CLIP = Buffer.alloc(700_000, 'a clip');
const T = Date.UTC(2026, 10, 20, 17);

const frameOf = (content: Uint8Array, name: string): Reading => ({
  kind: 'camera.frame',
  source: 'gnss0',
  t: T,
  fields: {
    name,
    size: content.length,
    sha256: new Uint8Array(createHash('sha256').update(content).digest()),
    type: 2,
    modified: T - 3_000,
    lat: 473_769_000,
    lon: 85_417_000,
    fixAge: 120,
  },
});

let site: DaemonFolder;
let digest: string;
const signer = testSigner(1);
const kid = kidToText(thumbprint(signer.publicKey));

beforeAll(async () => {
  site = await DaemonFolder.make();
  const first = await seal(signer, { readings: fixes(3) });
  const second = await seal(signer, {
    previous: first.head,
    readings: [...fixes(2), frameOf(CLIP, 'day/clip.mp4'), frameOf(Buffer.from('other'), 'b.mp4')],
    sources: SOURCES,
  });
  digest = Buffer.from(second.head.digest).toString('hex');
  const damaged = Buffer.from(second.message);
  damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
  const foreign = await seal(testSigner(2), { readings: [frameOf(CLIP, 'forged.mp4')] });
  site.write('clip.mp4', CLIP);
  site.write('cut.mp4', CLIP.subarray(1));
  site.write('1.cose', first.message);
  site.write('2.cose', second.message);
  site.write('damaged.cose', damaged);
  site.write('foreign.cose', foreign.message);
  site.write('key.json', JSON.stringify(publicKeyToJson(signer.publicKey)));
  site.write('devices.json', JSON.stringify({ devices: [{ publicKey: publicKeyToJson(signer.publicKey) }] }));
});
afterAll(() => site.remove());

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

async function verifyFile(file: string, proofs: readonly string[], keys = ['--key', site.path('key.json')]) {
  const { code, stdout, stderr } = await runCommand([
    ...['verify-file', site.path(file), ...keys, '--proof'],
    ...proofs.map((name) => site.path(name)),
  ]);
  return { code, stderr, answer: stdout === '' ? undefined : JSON.parse(stdout) };
}

describe('fieldseal verify-file', () => {
  it.each([
    ['a key', () => ['--key', site.path('key.json')]],
    ['a list of devices', () => ['--devices', site.path('devices.json')]],
  ])('shows where a clip was sealed, by %s', async (_, keys) => {
    const { code, stderr, answer } = await verifyFile('clip.mp4', ['1.cose', '2.cose'], keys());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(answer).toEqual({
      ok: true,
      file: site.path('clip.mp4'),
      sha256: sha256(CLIP),
      sealed: {
        kind: 'camera.frame',
        source: 'gnss0',
        t: '2026-11-20T17:00:00.000Z',
        name: 'day/clip.mp4',
        size: 700_000,
        sha256: sha256(CLIP),
        type: expect.anything(),
        modified: '2026-11-20T16:59:57.000Z',
        lat: 47.3769,
        lon: 8.5417,
        fixAge: 0.12,
      },
      device: kid,
      epoch: 'e0'.repeat(16),
      seq: 1,
      digest,
    });
  });

  it.each<[string, string, string[], string[]]>([
    ['a clip of which a byte is missing', 'cut.mp4', ['1.cose', '2.cose'], []],
    ['proofs that do not have it', 'clip.mp4', ['1.cose'], []],
    ['a proof that is damaged', 'clip.mp4', ['damaged.cose'], ['damaged.cose']],
    ['a proof by another device', 'clip.mp4', ['foreign.cose', '1.cose'], ['foreign.cose unknown-device']],
    ['a file that is no proof', 'clip.mp4', ['clip.mp4'], ['clip.mp4']],
  ])('says no, with exit code 1, for %s', async (_, file, proofs, refused) => {
    const { code, answer } = await verifyFile(file, proofs);
    expect(code).toBe(1);
    expect(answer).toMatchObject({ ok: false });
    expect(answer).not.toHaveProperty('sealed');
    const told = (answer.refused ?? []).map((one: { file: string; reason: string }) => `${one.file} ${one.reason}`);
    expect(told).toEqual(refused.map((one) => expect.stringContaining(site.path(one))));
  });

  it('finds it beside a proof that is refused, and says so', async () => {
    const { code, answer } = await verifyFile('clip.mp4', ['foreign.cose', '2.cose']);
    expect(code).toBe(0);
    expect(answer).toMatchObject({ ok: true, seq: 1, refused: [{ reason: 'unknown-device' }] });
  });

  it.each<[string, string[], RegExp]>([
    [
      'a clip that is not there',
      ['@nope.mp4', '--key', '@key.json', '--proof', '@1.cose'],
      /^FILE_NOT_READABLE \S+nope\.mp4: /,
    ],
    [
      'a proof that is not there',
      ['@clip.mp4', '--key', '@key.json', '--proof', '@9.cose'],
      /^FILE_NOT_READABLE \S+9\.cose: /,
    ],
    ['a folder', ['@', '--key', '@key.json', '--proof', '@1.cose'], /^FILE_NOT_READABLE .*EISDIR/],
    [
      'no key',
      ['@clip.mp4', '--proof', '@1.cose'],
      /^USAGE fieldseal verify-file: give either --key FILE or --devices/,
    ],
    [
      'no proof',
      ['@clip.mp4', '--key', '@key.json'],
      /^USAGE fieldseal verify-file: required option '--proof <file...>'/,
    ],
  ])('is told of %s in one line, with exit code 2', async (_, args, expected) => {
    const { code, stdout, stderr } = await runCommand([
      'verify-file',
      ...args.map((arg) => (arg.startsWith('@') ? site.path(arg.slice(1)) : arg)),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(expected);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});
