import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import {
  DAEMON_EXAMPLE,
  findConfigErrors,
  loadDaemonConfig,
  loadVerifierConfig,
  VERIFIER_EXAMPLE,
} from '../../daemon/config/index.ts';
import { daemonSchema, verifierSchema } from '../../daemon/config/schema.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

const MINIMAL = `
signer: { uri: "file:device.key", algorithm: ES256K }
ports: [{ source: gnss, path: /dev/ttyACM0, profile: gnss/generic-nmea }]
outbox: { directory: outbox }
mqtt: { url: "mqtt://127.0.0.1:1883" }
verifier: { publicKeyFile: verifier.json }
`;

describe('the examples that the program prints', () => {
  it('load', async () => {
    expect((await loadDaemonConfig(await write('daemon.yaml', DAEMON_EXAMPLE))).batching.maxAge).toBe(60_000);
    expect((await loadVerifierConfig(await write('verifier.yaml', VERIFIER_EXAMPLE))).checks.maxFuture).toBe(300_000);
  });

  it.each([
    ['daemon', DAEMON_EXAMPLE, daemonSchema],
    ['verifier', VERIFIER_EXAMPLE, verifierSchema],
  ])('name every key of the %s', (_, example, schema) => {
    for (const key of Object.keys(schema.shape)) {
      // What is left out where others stand in its place is shown as a comment.
      expect(parseDocument(example).has(key) || example.includes(`\n# ${key}: `), key).toBe(true);
    }
  });

  it('show the defaults that hold where a key is left out', async () => {
    const example = await loadDaemonConfig(await write('daemon.yaml', DAEMON_EXAMPLE));
    const minimal = await loadDaemonConfig(await write('minimal.yaml', MINIMAL));
    for (const section of ['batching', 'uplink', 'log'] as const) expect(minimal[section]).toEqual(example[section]);
    expect(minimal.mqtt).toEqual({ ...example.mqtt, url: 'mqtt://127.0.0.1:1883' });
    expect(minimal.health.interval).toBe(example.health.interval);
    expect(minimal.outbox.maxBytes).toBe(example.outbox.maxBytes);
    expect(minimal.outbox.maxAge).toBe(example.outbox.maxAge);
    expect(minimal.signer.timeout).toBe(example.signer.timeout);
  });
});

describe('a configuration', () => {
  it('has its relative paths start at its own folder, and is frozen', async () => {
    const config = await loadDaemonConfig(await write('minimal.yaml', MINIMAL));
    expect(config.outbox.directory).toBe(join(folder, 'outbox'));
    expect(config.signer.uri).toBe(`file:${join(folder, 'device.key')}`);
    expect(config.verifier.publicKeyFile).toBe(join(folder, 'verifier.json'));
    expect(Object.isFrozen(config.mqtt.tls)).toBe(true);
  });

  it.each([
    ['an unknown key', `${MINIMAL}colour: red\n`, 'CONFIG_UNKNOWN_KEY c.yaml:7 colour: unknown key "colour"'],
    [
      'an unknown key within a section',
      MINIMAL.replace('directory: outbox', 'directory: outbox, maxbytes: 1GB'),
      'CONFIG_UNKNOWN_KEY c.yaml:4 outbox.maxbytes: unknown key "maxbytes"',
    ],
    [
      'a wrong unit',
      `${MINIMAL}batching: { maxAge: 60 parsecs }\n`,
      'CONFIG_INVALID c.yaml:7 batching.maxAge: "60 parsecs" is not a duration: write a number with ms, s, m, h or d',
    ],
    [
      'a number without its unit',
      `${MINIMAL}batching:\n  maxAge: 60\n`,
      'CONFIG_INVALID c.yaml:8 batching.maxAge: 60 is not a duration',
    ],
    [
      'a quantity out of range',
      `${MINIMAL}batching: { maxBytes: 2MB }\n`,
      'CONFIG_INVALID c.yaml:7 batching.maxBytes: "2MB" is out of range: 1kB to 100kB',
    ],
    ['a missing section', MINIMAL.replace(/^mqtt.*$/m, ''), 'CONFIG_INVALID c.yaml:1 mqtt: is missing'],
    [
      'a missing port path',
      MINIMAL.replace('path: /dev/ttyACM0, ', ''),
      'CONFIG_INVALID c.yaml:3 ports[0].path: is missing',
    ],
    [
      'a URL that is none',
      MINIMAL.replace('mqtt://127.0.0.1:1883', 'broker'),
      'CONFIG_INVALID c.yaml:5 mqtt.url: "broker" is not a URL of the form mqtt://host:port',
    ],
    [
      'a password without a user',
      MINIMAL.replace('1883"', '1883", passwordFile: pw'),
      'CONFIG_INVALID c.yaml:5 mqtt.passwordFile: needs username beside it',
    ],
    [
      'raw evidence beside privacy zones',
      `${MINIMAL.replace('generic-nmea }', 'generic-nmea, evidence: { directory: raw } }')}privacy: { zones: [{ name: home, circle: { lat: 1, lon: 2, radius: 300 } }] }\n`,
      'CONFIG_INVALID c.yaml:3 ports[0].evidence: keeps raw bytes',
    ],
    ['text that is not YAML', 'signer: [', 'CONFIG_SYNTAX c.yaml:1'],
  ])('with %s is refused in one line that says where and what to do', (_, text, expected) => {
    const [first] = findConfigErrors(text, 'c.yaml', 'daemon');
    expect(first?.toLine()).toContain(expected);
    expect(first?.toLine()).toMatch(/\(.+\)$/);
    expect(first?.toLine()).not.toContain('\n');
  });

  it('that is not there is one line with the path', async () => {
    await expect(loadDaemonConfig('/nowhere/fieldseal.yaml')).rejects.toMatchObject({
      code: 'FILE_NOT_READABLE',
      place: '/nowhere/fieldseal.yaml',
    });
  });

  it('lists every mistake at once', () => {
    const errors = findConfigErrors(`${MINIMAL}a: 1\nb: 2\nbatching: { maxAge: 1 }\n`, 'c.yaml', 'daemon');
    expect(errors.map((error) => error.code).sort()).toEqual([
      'CONFIG_INVALID',
      'CONFIG_UNKNOWN_KEY',
      'CONFIG_UNKNOWN_KEY',
    ]);
  });
});
