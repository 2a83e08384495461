import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAEMON_EXAMPLE, type DaemonConfig, loadDaemonConfig } from '../daemon/config/index.ts';
import { loadSources } from '../daemon/sources.ts';

let folder: string;
let example: DaemonConfig;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-sources-'));
  const write = (id: string, how: string) => {
    const head = `id: ${id}\ntitle: A device\nprotocol: gnss\nreadings: { gnss.fix: {} }\n`;
    mkdirSync(join(folder, 'gnss'), { recursive: true });
    writeFileSync(join(folder, `${id}.yaml`), `${head}${how}\n`);
  };
  write('gnss/serial', 'serial: { baudRates: [9600] }');
  write('gnss/usb', 'serial: { baudRates: [9600], match: { usb: { vendorId: "1546", productId: "01a9" } } }');
  write('gnss/network', 'network: { silence: 1m }');
  writeFileSync(join(folder, 'fieldseal.yaml'), DAEMON_EXAMPLE);
  example = await loadDaemonConfig(join(folder, 'fieldseal.yaml'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (path: string, profile: string) =>
  loadSources({ ...example, profileFolders: [folder], ports: [{ source: 'gnss', path, profile }] });

describe('the path of a configured port', () => {
  it.each([
    ['/dev/ttyUSB0', 'gnss/serial'],
    ['tcp://receiver.local:2000', 'gnss/serial'],
    ['file:drive.capture?speed=1', 'gnss/serial'],
    ['auto', 'gnss/usb'],
    ['udp://:1700', 'gnss/network'],
    ['file:drive.capture', 'gnss/network'],
  ])('%s suits the profile %s', async (path, profile) => {
    expect((await load(path, profile)).ports[0]?.profile.id).toBe(profile);
  });

  it.each([
    ['auto', 'gnss/serial', 'names no USB ids'],
    ['/dev/ttyUSB0', 'gnss/network', 'is reached over the network'],
    ['auto', 'gnss/network', 'is reached over the network'],
    ['udp://:0', 'gnss/network', 'is not udp://[HOST]:PORT'],
    ['tcp://:2000', 'gnss/serial', 'is not tcp://HOST:PORT'],
  ])('%s is told before anything starts not to suit the profile %s', async (path, profile, detail) => {
    await expect(load(path, profile)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      place: 'ports[0].path',
      message: expect.stringContaining(detail),
    });
  });
});
