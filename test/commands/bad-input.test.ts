import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyToJson } from '../../daemon/proof/index.ts';
import { seal } from '../proof/samples.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { testSigner } from '../support/test-signer.ts';

let site: DaemonFolder;
let good: Uint8Array;
beforeAll(async () => {
  site = await DaemonFolder.make();
  const signer = testSigner(1);
  good = (await seal(signer)).message;
  site.write('good.cose', good);
  site.write('truncated.cose', good.subarray(0, good.length - 40));
  site.write('longer.cose', Buffer.concat([good, Buffer.of(0)]));
  const damaged = Buffer.from(good);
  damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
  site.write('damaged.cose', damaged);
  site.write('empty', '');
  site.write('large', Buffer.alloc(10_000_000, 0xd2));
  site.write('text', 'PRIVATE\n');
  site.write('key.json', JSON.stringify(publicKeyToJson(signer.publicKey)));
  site.write('list.json', '{"devices": [{"publicKey": {"kty": "RSA"}}]}');
  site.write('no-key.json', '{"a": 1}');
  mkdirSync(site.path('folder'));
});
afterAll(() => site.remove());

/** File names of the folder stand for their paths. */
const inFolder = (args: readonly string[]): string[] =>
  args.map((arg) => (arg.startsWith('@') ? site.path(arg.slice(1)) : arg));

describe('bad input is one line with its code, the place and the remedy', () => {
  it.each<[string, string[], string]>([
    [
      'inspect a missing file',
      ['inspect', '@nowhere'],
      'FILE_NOT_READABLE @nowhere: cannot read the file: no such file or directory (ENOENT)',
    ],
    ['inspect a folder', ['inspect', '@folder'], 'FILE_NOT_READABLE @folder: '],
    ['inspect an empty file', ['inspect', '@empty'], 'PROOF_INVALID @empty: '],
    [
      'inspect a truncated proof',
      ['inspect', '@truncated.cose'],
      'PROOF_INVALID @truncated.cose: not a valid proof: parse: ',
    ],
    ['inspect a proof with a byte too many', ['inspect', '@longer.cose'], 'PROOF_INVALID @longer.cose: '],
    [
      'inspect 10 MB of something else',
      ['inspect', '@large', '--json'],
      'PROOF_INVALID @large: not a valid proof: size: ',
    ],
    [
      'take a reading from a truncated proof',
      ['prove-reading', '@truncated.cose', '0'],
      'PROOF_INVALID @truncated.cose: ',
    ],
    [
      'take a reading that is not there',
      ['prove-reading', '@good.cose', '7'],
      'INDEX_OUT_OF_RANGE @good.cose: no such reading: 7; the proof has 0',
    ],
    ['verify a missing file', ['verify', '--key', '@key.json', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['verify by a missing key', ['verify', '--key', '@nowhere', '@good.cose'], 'FILE_NOT_READABLE @nowhere: '],
    ['verify by a key that is not JSON', ['verify', '--key', '@text', '@good.cose'], 'PUBLIC_KEY_INVALID @text: '],
    [
      'verify by JSON that is no key',
      ['verify', '--key', '@no-key.json', '@good.cose'],
      'PUBLIC_KEY_INVALID @no-key.json: ',
    ],
    [
      'verify by a list of other keys',
      ['verify', '--devices', '@list.json', '@good.cose'],
      'PUBLIC_KEY_INVALID @list.json devices[0].publicKey: ',
    ],
    [
      'verify by a list that is none',
      ['verify', '--devices', '@key.json', '@good.cose'],
      'PUBLIC_KEY_INVALID @key.json: no public key can be read from it: it has no list "devices"',
    ],
    [
      'verify a reading that is not JSON',
      ['verify-reading', '@text', '--key', '@key.json'],
      'READING_PROOF_INVALID @text: ',
    ],
    ['decode a missing file', ['decode', '--protocol', 'gnss', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['decode a folder', ['decode', '--protocol', 'gnss', '@folder'], 'FILE_NOT_READABLE @folder: '],
    ['check a missing configuration', ['config', 'check', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['run without a configuration', ['run', '--config', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['enrol without a configuration', ['enroll', '--config', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    [
      'ask a verifier without a configuration',
      ['verifier', 'devices', '--config', '@nowhere'],
      'FILE_NOT_READABLE @nowhere: ',
    ],
    ['run a binary file', ['run', '--config', '@good.cose'], 'CONFIG_'],
    [
      'show a profile that is not there',
      ['profiles', 'show', '../../etc/passwd'],
      'PROFILE_NOT_FOUND: no device profile "../../etc/passwd"',
    ],
    ['list a folder that is not there', ['profiles', 'list', '--folder', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['check a profile that is not there', ['profiles', 'check', '@nowhere'], 'FILE_NOT_READABLE @nowhere: '],
    ['name a key by no URI', ['key', 'show', '--signer', 'tpm'], 'SIGNER_URI_INVALID --signer: '],
    ['show a key that is not there', ['key', 'show', '--signer', 'file:/nowhere/key'], 'KEY_NOT_FOUND '],
    [
      'make a key where nothing can be',
      ['key', 'create', '--signer', 'file:/nowhere/key'],
      'FILE_NOT_WRITABLE /nowhere/key: ',
    ],
    [
      'name a module that is not there',
      ['key', 'show', '--signer', 'pkcs11:token=a;object=b?module-path=/nowhere.so&pin-value=1'],
      'MODULE_NOT_LOADED --signer: ',
    ],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await runCommand(inFolder(args));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const start = expected.replaceAll('@', `${site.folder}/`);
    expect(stderr.slice(0, start.length)).toBe(start);
    expect(stderr).toMatch(/^[^\n]+ \(.+\)\n$/);
  });

  it('a second key of the same name', async () => {
    const { code, stderr } = await runCommand(['key', 'create', '--signer', site.keyUri]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^KEY_EXISTS [^\n]+\n$/);
  });
});

describe('fieldseal verify', () => {
  it('answers for each file, and exits 1 where one is refused', async () => {
    const names = ['good.cose', 'truncated.cose', 'damaged.cose', 'empty', 'large'];
    const { code, stdout, stderr } = await runCommand(
      inFolder(['verify', '--key', '@key.json', ...names.map((name) => `@${name}`)]),
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const verdicts = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const byFile = Object.fromEntries(
      verdicts.map(({ file, ok, reasons }) => [file.slice(site.folder.length + 1), [ok, ...reasons]]),
    );
    expect(byFile).toMatchObject({
      'good.cose': [true],
      'truncated.cose': [false, 'parse'],
      empty: [false, 'parse'],
      large: [false, 'size'],
    });
    expect(byFile['damaged.cose']?.[0]).toBe(false);
    expect((await runCommand(inFolder(['verify', '--key', '@key.json', '@good.cose']))).code).toBe(0);
  });

  it('refuses the proof of a device that nobody vouches for', async () => {
    const { code, stdout } = await runCommand(inFolder(['verify', '--key', '@verifier.json', '@good.cose']));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, reasons: ['unknown-device'] });
  });
});

describe('fieldseal verify-reading', () => {
  it('says no, with the reason, to JSON that is no disclosed reading', async () => {
    const { code, stdout, stderr } = await runCommand(
      inFolder(['verify-reading', '@no-key.json', '--key', '@key.json']),
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, reasons: ['parse'] });
  });
});

describe('fieldseal config check', () => {
  it('is content with a good configuration', async () => {
    const file = site.configure();
    expect(await runCommand(['config', 'check', file])).toEqual({ code: 0, stdout: `${file}: good\n`, stderr: '' });
  });

  it('names a profile that is not there, with the file and the key', async () => {
    const file = site.configure({ ports: [{ source: 'a', path: '/dev/null', profile: 'gnss/nope' }] });
    const { code, stderr } = await runCommand(['config', 'check', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^PROFILE_NOT_FOUND ${file} ports\\[0\\].profile: [^\n]+\n$`));
    const json = JSON.parse((await runCommand(['config', 'check', '--json', file])).stdout);
    expect(json).toMatchObject({
      ok: false,
      errors: [{ code: 'PROFILE_NOT_FOUND', place: `${file} ports[0].profile` }],
    });
  });

  it.each([
    ['an alias without its anchor', 'signer: *nothing'],
    [
      'aliases without end',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${Array(10).fill('*a')}]\nc: &c [${Array(10).fill('*b')}]\nd: [${Array(10).fill('*c')}]`,
    ],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['a key twice', 'a: 1\na: 2'],
    ['a map as a key', '? { a: 1 }\n: 2'],
  ])('calls %s bad syntax', async (_, text) => {
    const { code, stderr } = await runCommand(['config', 'check', site.write('bad.yaml', text)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^(CONFIG_SYNTAX \S+bad\.yaml:\d+: [^\n]+\n)+$/);
  });

  it('keeps to a few lines for a file that is something else entirely', async () => {
    const { stderr } = await runCommand(['config', 'check', site.path('good.cose')]);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(10);
  });
});
