import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseProof } from '../../daemon/proof/index.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { type RunningCommand, runCommand, startCommand } from '../support/run-command.ts';
import { createSoftToken, type SoftToken } from '../support/soft-token.ts';

const sites: DaemonFolder[] = [];
let site: DaemonFolder;
beforeEach(async () => {
  site = await DaemonFolder.make();
  sites.push(site);
});
// Not before the end: a daemon that has failed holds its folder until its process ends, and this one goes on.
afterAll(() => {
  for (const one of sites) one.remove();
});

const start = (config: string): RunningCommand => startCommand(['run', '--config', config]);
const proofsIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.cose'));

/** The log's lines that have a code, as CODE and phrase. */
function complaints(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((line) => line.code !== undefined)
    .map((line) => `${line.code} ${line.msg}`);
}

/** Runs the daemon until its heartbeats lie in the outbox. */
async function fillOutbox(config: string, proofs: number): Promise<void> {
  const daemon = start(config);
  await daemon.said(/gateway runs/);
  const spool = join(site.folder, 'outbox/spool');
  while (proofsIn(spool).length < proofs) await new Promise((resolve) => setTimeout(resolve, 20));
  daemon.stop();
  expect((await daemon.ended).code).toBe(0);
}

it('fieldseal run holds a device to the key that it has had', async () => {
  const config = site.configure();
  await fillOutbox(config, 1);
  const former = proofsIn(join(site.folder, 'outbox/spool'));
  const other = await DaemonFolder.make();
  sites.push(other);
  writeFileSync(site.path('device.key'), readFileSync(other.path('device.key')));
  const { code, stderr } = await runCommand(['run', '--config', config]);
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
  expect(stderr).toMatch(/^KEY_CHANGED \S+outbox\/identity: .* instead of .*signer\.kid/);
  expect(proofsIn(join(site.folder, 'outbox/spool'))).toEqual(former);
});

/** systemd tries again what time may mend, and nothing else. */
const exitFor = (line: string) => (/^(OUTBOX_UNUSABLE|LISTEN_FAILED|TOKEN_NOT_FOUND) /.test(line) ? 75 : 2);

describe('fieldseal run refuses to start, in one line, with', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a missing key', { signer: { uri: 'file:other.key', algorithm: 'ES256K' } }, /^KEY_NOT_FOUND \S+other\.key: /],
    ['a key of another curve', { signer: { uri: 'file:device.key', algorithm: 'ES256' } }, /^KEY_UNSUITABLE \S+: /],
    [
      'another key than the one it is known by',
      { signer: { uri: 'file:device.key', algorithm: 'ES256K', kid: 'A'.repeat(43) } },
      /^KEY_CHANGED signer\.uri: /,
    ],
    [
      'a missing verifier key',
      { verifier: { publicKeyFile: 'nope.json' } },
      /^FILE_NOT_READABLE verifier\.publicKeyFile \S+nope\.json: cannot read the file: no such file or directory/,
    ],
    [
      'a verifier key that is none',
      { verifier: { publicKeyFile: 'fieldseal.yaml' } },
      /^RECEIPT_KEY_INVALID verifier\.publicKeyFile \S+fieldseal\.yaml: /,
    ],
    [
      'an unknown profile',
      { ports: [{ source: 'a', path: '/dev/null', profile: 'gnss/nope' }] },
      /^PROFILE_NOT_FOUND ports\[0\]\.profile: /,
    ],
    ['an outbox that cannot be', { outbox: { directory: '/proc/outbox' } }, /^OUTBOX_UNUSABLE outbox\.directory: /],
    ['an unknown key', { colour: 'red' }, /^CONFIG_UNKNOWN_KEY \S+fieldseal\.yaml:1 colour: unknown key "colour"/],
    [
      'a wrong unit',
      { batching: { maxAge: '60 parsecs' } },
      /^CONFIG_INVALID \S+fieldseal\.yaml:1 batching\.maxAge: "60 parsecs" is not a duration/,
    ],
    [
      'a missing password file',
      { mqtt: { url: 'mqtt://127.0.0.1:9', username: 'a', passwordFile: 'nope' } },
      /^FILE_NOT_READABLE mqtt\.passwordFile/m,
    ],
    [
      'a missing certificate',
      { mqtt: { url: 'mqtts://127.0.0.1:9', tls: { ca: 'nope.pem' } } },
      /^FILE_NOT_READABLE mqtt\.tls\.ca/m,
    ],
    ['an address that is not its own', { health: { listen: '203.0.113.1:9464' } }, /^LISTEN_FAILED health\.listen: /m],
  ])('%s', async (_, sections, expected) => {
    const { code, stdout, stderr } = await runCommand(['run', '--config', site.configure(sections)]);
    const plain = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(plain).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: exitFor(plain[0] ?? ''), stdout: '' });
    expect(plain[0]).toMatch(expected);
    expect(plain[0]).toMatch(/\(.+\)$/);
  });

  it('an outbox that another daemon holds, which goes on', async () => {
    const config = site.configure();
    const first = start(config);
    await first.said(/gateway runs/);
    const { code, stderr } = await runCommand(['run', '--config', config]);
    expect(code).toBe(75);
    expect(stderr).toMatch(/^OUTBOX_LOCKED outbox\.directory: the outbox is in use by another process: [^\n]+\n$/);
    first.stop();
    expect((await first.ended).code).toBe(0);
  });
});

describe('fieldseal run refuses to start, in one line, with a token', () => {
  let token: SoftToken;
  beforeAll(async () => {
    token = await createSoftToken();
    expect((await runCommand(['key', 'create', '--signer', token.uri])).code).toBe(0);
  });
  afterAll(() => token.remove());

  it.each<[string, (uri: string) => string, RegExp]>([
    [
      'that is not there',
      (uri) => uri.replace(/token=[^;]*/, 'token=gone'),
      /^TOKEN_NOT_FOUND signer\.uri: [^\n]+ present: "fieldseal"/,
    ],
    ['without the key', (uri) => uri.replace(/object=[^?]*/, 'object=gone'), /^KEY_NOT_FOUND signer\.uri: /],
    ['and a wrong PIN', (uri) => uri.replace(/pin-source=[^&]*/, 'pin-value=0000'), /^PIN_WRONG signer\.uri: /],
    ['and no PIN', (uri) => uri.replace(/&pin-source=[^&]*/, ''), /^PIN_MISSING signer\.uri: /],
    [
      'and a PIN file that is not there',
      (uri) => uri.replace(/pin-source=[^&]*/, 'pin-source=file:/nowhere/pin'),
      /^FILE_NOT_READABLE \/nowhere\/pin: /,
    ],
    [
      'and no module for it',
      (uri) => uri.replace(/module-path=[^&]*/, 'module-path=/nowhere.so'),
      /^MODULE_NOT_LOADED signer\.uri: /,
    ],
  ])('%s', async (_, change, expected) => {
    const config = site.configure({ signer: { uri: change(token.uri), algorithm: 'ES256K' } });
    const { code, stdout, stderr } = await runCommand(['run', '--config', config]);
    expect({ code, stdout }).toEqual({ code: exitFor(stderr), stdout: '' });
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^[^\n]+ \(.+\)\n$/);
    expect(stderr).not.toContain('0000');
  });
});

describe('fieldseal run goes on, and says so once, with', () => {
  it('a port that is not there and a broker that does not answer', async () => {
    const config = site.configure();
    await fillOutbox(config, 3);
    const daemon = start(config);
    await daemon.said(/PORT_NOT_FOUND/);
    await daemon.said(/BROKER_UNREACHABLE/);
    // Long enough for several more attempts at both.
    const spool = site.path('outbox/spool');
    const before = proofsIn(spool).length;
    while (proofsIn(spool).length < before + 4) await new Promise((resolve) => setTimeout(resolve, 20));
    daemon.stop();
    const { code, stdout, stderr } = await daemon.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(complaints(stderr).sort()).toEqual([
      'BROKER_UNREACHABLE no connection to the broker',
      'PORT_NOT_FOUND port cannot be opened; still trying',
    ]);
  });

  it('a broker that refuses the password', async () => {
    const broker = await Mosquitto.start({ users: { gateway: 'right' } });
    try {
      site.write('password', 'wrong\n');
      const mqtt = {
        url: broker.url,
        username: 'gateway',
        passwordFile: 'password',
        reconnect: { min: '20ms', max: '50ms' },
      };
      const daemon = start(site.configure({ mqtt }));
      const line = JSON.parse(await daemon.said(/BROKER_REFUSED/));
      expect(line).toMatchObject({ room: 'broker', place: 'mqtt', remedy: expect.stringContaining('password file') });
      daemon.stop();
      const { code, stderr } = await daemon.ended;
      expect(code).toBe(0);
      expect(stderr).not.toContain('wrong');
      expect(proofsIn(site.path('outbox/spool')).length).toBeGreaterThan(0);
    } finally {
      await broker.dispose();
    }
  });

  it('a damaged file in the outbox: it goes to quarantine, the next proof declares the loss, nothing else is lost', async () => {
    await fillOutbox(site.configure(), 3);
    const spool = site.path('outbox/spool');
    const [damaged = '', ...sound] = proofsIn(spool).sort();
    const bytes = readFileSync(join(spool, damaged));
    writeFileSync(join(spool, damaged), bytes.subarray(0, bytes.length - 20));

    const broker = await Mosquitto.start();
    try {
      const daemon = start(site.configure({ mqtt: { url: broker.url } }));
      const line = JSON.parse(await daemon.said(/OUTBOX_CORRUPT/));
      expect(line).toMatchObject({ level: 50, place: damaged, remedy: expect.stringContaining('quarantine') });
      daemon.stop();
      expect((await daemon.ended).code).toBe(0);
    } finally {
      await broker.dispose();
    }
    expect(readdirSync(site.path('outbox/quarantine')).sort()).toEqual(
      [damaged, damaged.replace('.cose', '.json')].sort(),
    );
    const left = proofsIn(spool).sort();
    expect(left).toEqual(expect.arrayContaining(sound));
    expect(left).not.toContain(damaged);
    const losses = left.flatMap((name) => parseProof(readFileSync(join(spool, name))).payload.losses);
    expect(losses.map(({ reason }) => reason)).toContain('outbox-corrupt');
  });
});
