import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = new URL('../../scripts/image/', import.meta.url);
const load = (name: string) => import(new URL(`first-boot/${name}`, FOLDER).href);
const { readSetup, withoutSecrets } = await load('setup.mjs');
const { daemonConfig, setupPlace, signerUri } = await load('daemon-config.mjs');
const { configFile, filesOf } = await load('system-files.mjs');

const LEAST = 'broker: { url: "mqtt://broker.example" }\nverifier: verifier.json\n';
const setupOf = (more = '') => {
  const read = readSetup(LEAST + more);
  if (read.mistakes !== undefined) throw new Error(read.mistakes.join(' '));
  return read.setup;
};
const fileOf = (setup: unknown, path: string) =>
  filesOf(setup, new Map([['verifier.json', '{}']])).find((file: { path: string }) => file.path === path);

describe('a set-up file', () => {
  it('is good with a broker and a verifier alone, and as the example has it, every comment taken away', () => {
    expect(readSetup(LEAST)).toHaveProperty('setup');
    const example = readFileSync(new URL('boot-partition/fieldseal-setup.example.yaml', FOLDER), 'utf8');
    expect(readSetup(example)).toHaveProperty('setup.hostname', 'attic-7');
    const complete = example
      .replace('AAAA...', 'AAAA')
      .replace(/^# (?=[a-z]+:( |$)| {2})/gm, '')
      .replace(/^( +)# (?=[a-z]+:)/gm, '$1');
    expect(readSetup(complete)).not.toHaveProperty('mistakes');
    expect(readSetup(complete)).toHaveProperty('setup.wifi.country', 'DE');
    expect(readSetup(complete)).toHaveProperty('setup.key.pin', '123456');
    expect(readSetup(complete)).toHaveProperty('setup.broker.key', 'client.key');
  });

  it('may come from a Windows editor', () => {
    expect(readSetup(`\uFEFF${LEAST.replaceAll('\n', '\r\n')}`)).toHaveProperty('setup.verifier', 'verifier.json');
  });

  it.each([
    ['', ['broker is missing.', 'verifier is missing.']],
    ['broker: { url: "x" }\nverifier: ../key', [/^verifier is not the name of a file beside/]],
    [`${LEAST}hostnam: x`, ['There is no such key: hostnam.']],
    [`${LEAST}wifi: { ssid: Attic, pasword: x, country: DE }`, ['There is no such key: wifi.pasword.']],
    [`${LEAST}hostname: Attic_7`, [/^hostname is not a host name/]],
    [
      `${LEAST}wifi: { ssid: Attic, password: 12345678, country: DE }`,
      [/^wifi.password is not text: write it in quotes/],
    ],
    [`${LEAST}wifi: { ssid: Attic, password: short, country: DE }`, [/^wifi.password is not a Wi-Fi password/]],
    [`${LEAST}wifi: { ssid: Attic, password: "12345678" }`, ['wifi.country is missing.']],
    [`${LEAST}ssh: { authorizedKeys: ["rm -rf /"] }`, [/^ssh.authorizedKeys\[0\] is not a line of an id_\*.pub file/]],
    [`${LEAST}key: { pin: "123456" }`, [/^key.pin is of no use/]],
    [`${LEAST}key: { algorithm: RSA }`, ['key.algorithm is none of ES256K, ES256.']],
    [`${LEAST}place: here`, [/^place is not "latitude,longitude"/]],
    [`${LEAST}ports: gnss`, ['ports is not a list.']],
    ['broker: { url: x, password: y }\nverifier: v', ['broker.password needs username beside it.']],
    ['broker: { url: x, cert: c.pem }\nverifier: v', ['broker needs both cert and key, or neither.']],
    ['broker:\n\turl: x', [/^It is not valid YAML: .*line 2/]],
    ['just words', ['The file is not a list of "key: value" lines.']],
  ])('%j is refused in plain words', (text, mistakes) => {
    const said = readSetup(text).mistakes;
    expect(said).toHaveLength(mistakes.length);
    for (const [index, mistake] of mistakes.entries()) expect(said[index]).toMatch(mistake);
  });

  it('keeps no secret in the copy that stays behind', () => {
    const secrets =
      'wifi: { ssid: Attic, password: "12345678", country: DE }\nkey: { uri: "pkcs11:token=t;object=o", pin: "654321" }\n';
    const source = `broker: { url: "mqtt://b", username: u, password: "hunter22" }\nverifier: v.json\n${secrets}`;
    const copy = JSON.stringify(withoutSecrets(readSetup(source).setup));
    for (const secret of ['12345678', '654321', 'hunter22']) expect(copy).not.toContain(secret);
    expect(copy).toContain('Attic');
  });
});

describe("the daemon's configuration from a set-up", () => {
  it('has the last word in config, key by key', () => {
    const setup = setupOf('config: { mqtt: { keepalive: 20s }, signer: { timeout: 5s }, batching: { maxAge: 10s } }');
    expect(daemonConfig(setup)).toMatchObject({
      signer: { uri: 'file:device.key', algorithm: 'ES256K', timeout: '5s' },
      mqtt: { url: 'mqtt://broker.example', keepalive: '20s' },
      batching: { maxAge: '10s' },
    });
  });

  it.each([
    [{ uri: 'pkcs11:token=t;object=o' }, 'pkcs11:token=t;object=o'],
    [{ uri: 'pkcs11:token=t', pin: '1' }, 'pkcs11:token=t?pin-source=file:/etc/fieldseal/pin'],
    [
      { uri: 'pkcs11:token=t?module-path=/m.so', pin: '1' },
      'pkcs11:token=t?module-path=/m.so&pin-source=file:/etc/fieldseal/pin',
    ],
  ])('names the key %j by %s', (key, uri) => {
    expect(signerUri(key)).toBe(uri);
  });

  it.each([
    ['mqtt.url', 'broker.url'],
    ['mqtt.tls.ca', 'broker.ca'],
    ['mqtt.keepalive', 'config.mqtt.keepalive'],
    ['ports[0].profile', 'ports[0].profile'],
    ['signer.uri', 'key.uri'],
    ['outbox.maxBytes', 'config.outbox.maxBytes'],
  ])('a mistake at %s is told as one at %s', (place, told) => {
    expect(setupPlace(place, setupOf('config: { mqtt: { keepalive: 1s } }'))).toBe(told);
  });
});

describe('the files of a gateway', () => {
  it('have neither the Wi-Fi password nor anything of it that could be taken for another line', () => {
    const setup = setupOf('wifi: { ssid: "A\\"b\\nc", password: "pass\\"word{}", country: DE }');
    const { text, mode } = fileOf(setup, '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf');
    expect(mode).toBe(0o600);
    expect(text).not.toContain('pass');
    expect(text).toContain(`\n  ssid=${Buffer.from('A"b\nc').toString('hex')}\n`);
  });

  it('have the Wi-Fi key that IEEE 802.11 derives from its own example', () => {
    // IEEE 802.11i-2004, annex H.4.3, test vector 1.
    const setup = setupOf('wifi: { ssid: "IEEE", password: "password", country: US }');
    const { text } = fileOf(setup, '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf');
    expect(text).toContain('psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n');
  });

  it('may be read by the daemon, and changed by root alone', () => {
    const source = 'broker: { url: "mqtt://b", username: u, password: "hunter22" }\nverifier: verifier.json\n';
    const { setup } = readSetup(source);
    const files = filesOf(setup, new Map([['verifier.json', '{}']]));
    const config = configFile(setup);
    const ofDaemon = files.filter(({ path }: { path: string }) => path.startsWith('/etc/fieldseal/'));
    expect(ofDaemon.map(({ path }: { path: string }) => path.slice(15))).toEqual(['mqtt-password', 'verifier.json']);
    for (const file of [...ofDaemon, config])
      expect(file).toMatchObject({ mode: 0o640, owner: 'root', group: 'fieldseal' });
    expect(parse(config.text)).toMatchObject({ mqtt: { passwordFile: 'mqtt-password' } });
    expect(config.text).not.toContain('hunter22');
  });
});
