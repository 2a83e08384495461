import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkToken } from '../../daemon/doctor/checks/token.ts';
import { withStoredCredentials } from '../../daemon/doctor/credentials.ts';
import { createKey, parseSignerUri } from '../../daemon/signing/index.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { createSoftToken, type SoftToken } from '../support/soft-token.ts';
import { linesOf, NOBODY, patientOf } from './patient.ts';

describe('a token', () => {
  let token: SoftToken;
  let folder: DaemonFolder;
  let pinFile: string;
  let pin: string;
  beforeAll(async () => {
    token = await createSoftToken();
    await createKey(token.uri, 'ES256K');
    folder = await DaemonFolder.make();
    const uri = parseSignerUri(token.uri);
    if (uri.scheme !== 'pkcs11' || uri.pin === undefined) throw new Error('the token has a PIN');
    pin = 'file' in uri.pin ? readFileSync(uri.pin.file, 'utf8').trim() : uri.pin.value;
  });
  afterAll(async () => {
    folder.remove();
    await token.remove();
  });
  beforeEach(() => {
    pinFile = join(folder.folder, 'pin');
    writeFileSync(pinFile, pin);
    chmodSync(pinFile, 0o600);
  });

  const withPin = (file: string) => token.uri.replace(/pin-(value|source)=[^&]*/, `pin-source=file:${file}`);
  const examined = async (uri = withPin(pinFile), changes: Parameters<typeof patientOf>[1] = {}) => {
    const signer = { uri, algorithm: 'ES256K' };
    const findings = await checkToken(await patientOf(folder.configure({ signer }), changes));
    expect(JSON.stringify(findings)).not.toContain(pin);
    return linesOf(findings);
  };

  it('that signs is found, timed, and known for what it is', async () => {
    expect(await examined()).toEqual([
      expect.stringMatching(/^ok token: found "/),
      expect.stringMatching(/^ok token: signs in \d+ ms, opened in \d+ ms$/),
      expect.stringMatching(/^ok token: this device is [A-Za-z0-9_-]{43} \(ES256K\)$/),
      expect.stringMatching(/^warn token: .* is not known to be hardware$/),
    ]);
  });

  it.each([
    [0o644, /^fail token: anybody may read the PIN file/],
    [0o640, /^warn token: its group may read the PIN file/],
  ])('with a PIN file of mode %o is told', async (mode, line) => {
    chmodSync(pinFile, mode);
    expect(await examined()).toContainEqual(expect.stringMatching(line));
  });

  it("with a PIN file that is not there, or not for the daemon's user, is not asked to sign", async () => {
    expect((await examined(withPin('/nowhere/pin'))).at(-1)).toBe('fail token: there is no PIN file /nowhere/pin');
    expect((await examined(undefined, { account: NOBODY })).at(-1)).toMatch(
      /^fail token: stranger may not read the PIN/,
    );
  });

  it('that is not there, or whose module is not, is told', async () => {
    const other = withPin(pinFile).replace(/token=[^;]*/, 'token=other');
    expect(await examined(other)).toEqual([expect.stringMatching(/^fail token: TOKEN_NOT_FOUND/)]);
    const gone = withPin(pinFile).replace(/module-path=[^&]*/, 'module-path=/nowhere.so');
    expect(await examined(gone)).toEqual([expect.stringMatching(/^fail token: MODULE_NOT_LOADED/)]);
  });

  it('of another device than the outbox is told', async () => {
    const file = folder.configure({ signer: { uri: withPin(pinFile), algorithm: 'ES256K' } });
    const patient = await patientOf(file);
    const outbox = { ...patient.config.outbox, directory: folder.folder };
    folder.write('identity', `${'A'.repeat(43)}\n`);
    const lines = linesOf(await checkToken({ ...patient, config: { ...patient.config, outbox } }));
    expect(lines.at(-1)).toBe(`fail token: the outbox is of another device, ${'A'.repeat(43)}`);
  });

  const isRoot = process.getuid?.() === 0;
  const asRoot = isRoot ? '' : ' (skipped: not root)';
  it.skipIf(!isRoot)(`whose PIN systemd keeps is asked with it, or told where it is not kept${asRoot}`, async () => {
    const credential = `/etc/credstore/fieldseal.test-${process.pid}`;
    const uri = token.uri.replace(/pin-(value|source)=[^&]*/, `pin-source=credential:test-${process.pid}`);
    const patient = await patientOf(folder.configure({ signer: { uri, algorithm: 'ES256K' } }));
    const lines = async () =>
      linesOf(await checkToken({ ...patient, account: NOBODY, config: await withStoredCredentials(patient.config) }));
    expect((await lines()).at(-1)).toMatch(/^fail token: there is no PIN file \/run\/credentials\//);
    mkdirSync(dirname(credential), { recursive: true });
    writeFileSync(credential, pin, { mode: 0o600 });
    try {
      expect(await lines()).toContainEqual(expect.stringMatching(/^ok token: signs in/));
    } finally {
      rmSync(credential);
    }
  });

  it('is not touched while a daemon has it', async () => {
    expect(await examined(undefined, { holder: '123' })).toEqual([]);
  });

  // The last: SoftHSM remembers.
  it('with a wrong PIN is asked once, and no more before the right one was given', async () => {
    writeFileSync(pinFile, '000000');
    expect((await examined()).at(-1)).toMatch(/^fail token: PIN_WRONG/);
    writeFileSync(pinFile, pin);
    expect((await examined()).at(-1)).toMatch(/has refused a PIN since it was last right: no PIN is tried from here$/);
  });
});

describe('a key in a file', () => {
  it('signs, and is not what a device should have', async () => {
    const folder = await DaemonFolder.make();
    const lines = linesOf(await checkToken(await patientOf(folder.configure())));
    expect(lines[0]).toMatch(/^warn token: the key is a file/);
    expect(lines[1]).toMatch(/^ok token: signs in/);
    folder.remove();
  });
});
