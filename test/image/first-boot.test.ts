import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { builtProgram } from '../support/program.ts';

const { firstBoot } = await import(new URL('../../scripts/image/first-boot/first-boot.mjs', import.meta.url).href);

type Run = (command: string, args: string[]) => { code: number; stdout: string; stderr: string };

let folder: string;
let said: string[];
const boot = (name: string) => join(folder, 'boot', name);
const etc = (name: string) => join(folder, 'root/etc/fieldseal', name);
const text = (file: string) => readFileSync(file, 'utf8');

/** Fieldseal is the real one; what would change this machine is only noted. */
const run: Run = (command, args) => {
  if (command === 'fieldseal') {
    const { status, stdout, stderr } = spawnSync(process.execPath, [builtProgram(), ...args], { encoding: 'utf8' });
    return { code: status ?? 128, stdout, stderr };
  }
  if (command === 'setpriv') {
    const at = args.indexOf('fieldseal');
    return run('fieldseal', args.slice(at + 1));
  }
  said.push([command, ...args].join(' ').replaceAll(folder, ''));
  return { code: 0, stdout: '', stderr: '' };
};

const start = (with_: Run = run) =>
  firstBoot({ root: join(folder, 'root'), boot: join(folder, 'boot'), run: with_ }) as Promise<string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-first-boot-'));
  said = [];
  for (const name of ['boot', 'root/etc/fieldseal', 'root/etc/systemd', 'root/run', 'root/home/admin']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(boot('verifier.json'), '{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}');
  writeFileSync(boot('client.pem'), 'a certificate');
  writeFileSync(boot('client.key'), 'a secret key');
});
afterEach(() => rmSync(folder, { recursive: true }));

const SETUP = `hostname: attic-7
owner: Ada Example
place: "-33.5,-70.25,35"
wifi: { ssid: Attic, password: "a good password", country: DE }
ssh: { authorizedKeys: ["ssh-ed25519 AAAA ada@example"] }
ntp: [ntp.example]
ports: [{ source: gnss, path: /dev/ttyS0, profile: gnss/generic-nmea }]
broker: { url: "mqtts://broker.example", username: u, password: "hunter22", cert: client.pem, key: client.key }
verifier: verifier.json
`;

describe('the first start with a set-up file', () => {
  it('configures the gateway, makes its key, and leaves the enrolment record and a report, but no secret', async () => {
    writeFileSync(boot('fieldseal-setup.yaml'), SETUP);
    expect(await start()).toBe('done');
    expect(readdirSync(boot('')).sort()).toEqual(
      ['client.pem', 'enrolment.cose', 'fieldseal-report.txt', 'fieldseal-setup.applied.yaml', 'verifier.json'].sort(),
    );
    for (const name of readdirSync(boot(''))) expect(text(boot(name))).not.toMatch(/hunter22|good password|secret key/);

    expect(parse(text(etc('fieldseal.yaml')))).toMatchObject({
      signer: { uri: 'file:device.key' },
      mqtt: { username: 'u', passwordFile: 'mqtt-password', tls: { cert: 'client.pem', key: 'client.key' } },
    });
    expect(text(etc('mqtt-password'))).toBe('hunter22\n');
    expect(text(etc('client.key'))).toBe('a secret key');
    expect(statSync(etc('device.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(etc('')).filter((name) => /\.(new|half)$/.test(name))).toEqual([]);
    expect(text(join(folder, 'root/etc/hostname'))).toBe('attic-7\n');
    const uri = `file:${etc('device.key')}`;
    const kid = /device id {2}(\S+)/.exec(run('fieldseal', ['key', 'show', '--signer', uri]).stdout)?.[1];
    expect(text(boot('fieldseal-report.txt'))).toContain(kid);
    expect(said).toEqual(
      expect.arrayContaining([
        'chown fieldseal:fieldseal /root/etc/fieldseal/device.key.new',
        'chown admin:admin /root/home/admin/.ssh/authorized_keys.half',
        'hostname --file /etc/hostname',
        'systemctl enable --now --no-block wpa_supplicant@wlan0.service',
        'systemctl enable --now --no-block ssh.service',
      ]),
    );
  });

  it('keeps the key when the gateway is set up again', async () => {
    for (const maxAge of ['10s', '20s']) {
      writeFileSync(boot('client.key'), 'a secret key');
      writeFileSync(boot('fieldseal-setup.txt'), `${SETUP}config: { batching: { maxAge: ${maxAge} } }\n`);
      const before = existsSync(etc('device.key')) ? text(etc('device.key')) : undefined;
      expect(await start()).toBe('done');
      expect(parse(text(etc('fieldseal.yaml')))).toMatchObject({ batching: { maxAge } });
      if (before !== undefined) expect(text(etc('device.key'))).toBe(before);
    }
  });

  it('does nothing without a set-up file', async () => {
    expect(await start()).toBe('absent');
    expect(said).toEqual([]);
    expect(existsSync(boot('fieldseal-report.txt'))).toBe(false);
  });

  it.each([
    ['broker: {', /not valid YAML/],
    [SETUP.replace('verifier: verifier.json', 'verifier: verifyer.json'), /no file verifyer.json beside/],
    [SETUP.replace('mqtts:', 'ftp:'), /broker.url: "ftp:.*is not a URL/],
    [SETUP.replace('generic-nmea', 'generic-nmae'), /ports\[0\].profile: no device profile .*profiles list/],
    [SETUP.replace('source: gnss', 'sauce: gnss'), /ports\[0\].sauce: unknown key/],
    [`${SETUP}config: { batching: { maxAge: soon } }`, /config.batching.maxAge: /],
    [
      `${SETUP}key: { uri: "pkcs11:token=t;object=o?module-path=/nowhere.so", pin: "1234" }`,
      /MODULE_NOT_LOADED .*nowhere/,
    ],
  ])('says in the report what to correct, keeps the file, and configures nothing: %#', async (setup, mistake) => {
    writeFileSync(boot('fieldseal-setup.yaml'), setup);
    expect(await start()).toBe('refused');
    const report = text(boot('fieldseal-report.txt'));
    expect(report).toMatch(/^The gateway is NOT set up/);
    expect(report).toMatch(mistake);
    expect(text(boot('fieldseal-setup.yaml'))).toBe(setup);
    expect(existsSync(boot('enrolment.cose'))).toBe(false);
    expect(existsSync(etc('fieldseal.yaml'))).toBe(false);
  });

  it('makes a refused configuration good at the next start, and replaces the report', async () => {
    writeFileSync(boot('fieldseal-setup.yaml'), SETUP.replace('mqtts:', 'ftp:'));
    expect(await start()).toBe('refused');
    expect(existsSync(etc('fieldseal.yaml'))).toBe(false);
    writeFileSync(boot('fieldseal-setup.yaml'), SETUP);
    expect(await start()).toBe('done');
    expect(text(boot('fieldseal-report.txt'))).toMatch(/^The gateway is set up/);
  });

  it('finishes at the next start wherever its power was cut', async () => {
    let steps = 0;
    const counting: Run = (command, args) => {
      steps += 1;
      return run(command, args);
    };
    writeFileSync(boot('fieldseal-setup.yaml'), SETUP);
    expect(await start(counting)).toBe('done');
    const key = text(etc('device.key'));
    for (let cut = 1; cut <= steps; cut += 7) {
      writeFileSync(boot('client.key'), 'a secret key');
      writeFileSync(boot('fieldseal-setup.yaml'), SETUP);
      let left = cut;
      const cutting: Run = (command, args) => {
        left -= 1;
        if (left < 0) throw new Error('power cut');
        return command === 'fieldseal' || command === 'setpriv'
          ? run(command, args)
          : { code: 0, stdout: '', stderr: '' };
      };
      if (cut < steps) await expect(start(cutting)).rejects.toThrow('power cut');
      expect(await start()).toBe('done');
      expect(text(etc('device.key'))).toBe(key);
      expect(existsSync(boot('fieldseal-setup.yaml'))).toBe(false);
    }
  }, 120_000);
});
