import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findConfigErrors, loadDaemonConfig } from '../../daemon/config/index.ts';
import { FieldsealError } from '../../daemon/errors.ts';
import {
  listPresets,
  listProfiles,
  loadPreset,
  loadProfile,
  presetJsonSchema,
  SHIPPED_PROFILES,
} from '../../daemon/profiles/index.ts';
import { loadSources } from '../../daemon/sources.ts';
import { runCommand } from '../support/run-command.ts';

const shipped = [...(await listPresets([SHIPPED_PROFILES]))];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-presets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const BASE = `
signer: { uri: "file:device.key", algorithm: ES256K }
outbox: { directory: outbox }
mqtt: { url: "mqtt://127.0.0.1:1883" }
verifier: { publicKeyFile: verifier.json }
profileFolders: [profiles]
`;

const GOOD = `id: gateways/hut
title: A hut
ports: [{ source: gnss, path: auto, profile: gnss/ublox-neo-m9n }]
`;

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const writePreset = (text: string, name = 'hut') => write(`profiles/gateways/${name}.yaml`, text);
const load = async (text: string) => loadSources(await loadDaemonConfig(await write('fieldseal.yaml', BASE + text)));

async function lineOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof FieldsealError)) throw new Error('it was taken');
  return error.toLine();
}

describe('the presets', () => {
  it('are those that people ask for, and no device profiles', async () => {
    expect(shipped.map(([id]) => id)).toEqual(
      ['adsb-station', 'base-station', 'coverage-mapper', 'dashcam', 'outdoor-hotspot'].map(
        (name) => `gateways/${name}`,
      ),
    );
    const profiles = await listProfiles([SHIPPED_PROFILES]);
    for (const [id] of shipped) expect(profiles.has(id)).toBe(false);
    await expect(loadProfile('gateways/dashcam', [SHIPPED_PROFILES])).rejects.toMatchObject({
      code: 'PROFILE_NOT_FOUND',
    });
  });
});

describe.each(shipped)('the preset %s', (id, file) => {
  it('is all that a configuration has to name, and each of its ports can be opened as its profile says', async () => {
    await mkdir(join(folder, 'profiles'), { recursive: true });
    const preset = await loadPreset(id, [SHIPPED_PROFILES]);
    const sources = await load(`preset: ${id}\n`);
    expect(sources.ports.map(({ port }) => port.source)).toEqual(preset.ports.map(({ source }) => source));
    expect(sources.ports.map(({ profile }) => profile.id)).toEqual(preset.ports.map(({ profile }) => profile));
    expect(sources.cameras.map(({ source }) => source)).toEqual(preset.cameras.map(({ source }) => source));
    expect(sources.proofSources.map(({ source }) => source)).toEqual([
      ...preset.ports.map(({ source }) => source),
      ...preset.cameras.map(({ source }) => source),
      'host',
    ]);
  });

  it('stands where its id says, names its schema for editors, and is shown and checked', async () => {
    expect(relative(SHIPPED_PROFILES, file)).toBe(`${id}.yaml`);
    const text = await readFile(file, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../preset-schema.json');
    const { properties, required } = presetJsonSchema() as { properties: object; required: string[] };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(parse(text))));
    expect(required).toEqual(['id', 'title', 'ports']);
    expect((await runCommand(['profiles', 'show', id])).stdout).toBe(`# ${file}\n${text}`);
    const json = JSON.parse((await runCommand(['profiles', 'show', id, '--json'])).stdout);
    expect(json).toMatchObject({ id, file, ports: expect.any(Array), cameras: expect.any(Array) });
    expect((await runCommand(['profiles', 'check', file])).stdout).toBe(`${file}: good (${id}, ${json.title})\n`);
  });
});

describe('a configuration with a preset', () => {
  it('changes the path of a source, keeps its profile, and adds sources of its own', async () => {
    const { ports } = await load(`preset: gateways/outdoor-hotspot
ports:
  - { source: gnss, path: /dev/ttyS3 }
  - { source: cell, path: /dev/ttyUSB2, profile: cellular/generic-27007 }
`);
    expect(ports.map(({ port, profile }) => [port.source, port.path, profile.id])).toEqual([
      ['lora', 'udp://127.0.0.1:1700', 'radio/semtech-packet-forwarder'],
      ['gnss', '/dev/ttyS3', 'gnss/ublox-max-m10s'],
      ['cell', '/dev/ttyUSB2', 'cellular/generic-27007'],
    ]);
  });

  it('may give a source another profile, keep its evidence, and a camera another folder', async () => {
    const { ports, cameras } = await load(`preset: gateways/dashcam
ports:
  - { source: dashcam, path: /dev/ttyS3, profile: gnss/generic-nmea, evidence: { directory: evidence } }
cameras: [{ source: camera, folder: clips }]
`);
    expect(ports.map(({ profile }) => profile.id)).toEqual(['gnss/generic-nmea']);
    expect(ports[0]?.port.evidence?.directory).toBe(join(folder, 'evidence'));
    expect(cameras).toEqual([expect.objectContaining({ source: 'camera', folder: join(folder, 'clips') })]);
  });

  it('may use one of its own folders', async () => {
    await writePreset(GOOD);
    expect((await load('preset: gateways/hut\n')).ports.map(({ port }) => port.source)).toEqual(['gnss']);
  });

  it.each([
    [
      'a preset that nobody has',
      'preset: gateways/none\n',
      'PROFILE_NOT_FOUND preset: no device profile "gateways/none"',
    ],
    [
      'a source without profile that the preset lacks',
      'preset: gateways/dashcam\nports: [{ source: gnss, path: /dev/ttyS3 }]\n',
      'CONFIG_INVALID ports: gnss: has no profile',
    ],
    [
      "a camera by the name of the preset's port",
      'preset: gateways/dashcam\ncameras: [{ source: dashcam, folder: clips }]\n',
      'CONFIG_INVALID cameras: dashcam: is the name of another source',
    ],
    [
      'a path that the device of the preset cannot have',
      'preset: gateways/outdoor-hotspot\nports: [{ source: lora, path: /dev/ttyS3 }]\n',
      'CONFIG_INVALID ports[0].path: radio/semtech-packet-forwarder is reached over the network',
    ],
  ])('that has %s is refused in one line', async (_, text, expected) => {
    expect(await lineOf(load(text))).toContain(expected);
    const { code, stderr } = await runCommand(['config', 'check', await write('fieldseal.yaml', BASE + text)]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('a configuration without a preset', () => {
  it.each([
    ['', /:\d+ ports: is missing/],
    ['ports: []\n', /:7 ports: needs at least one port, or a preset/],
    ['ports: [{ source: gnss, path: /dev/ttyS3 }]\n', /:7 ports\[0\]\.profile: is missing/],
    ['preset: outdoor\n', /:7 preset: .*"outdoor" is not the id of a preset/],
  ])('%j is refused', (text, expected) => {
    expect(findConfigErrors(BASE + text, 'c.yaml', 'daemon')[0]?.toLine()).toMatch(expected);
  });
});

describe('a preset', () => {
  it.each<[string, (good: string) => string, RegExp]>([
    ['an unknown key', (good) => `${good}colour: red\n`, /:4 colour: .*unknown key "colour"/],
    [
      'an id of another family',
      (good) => good.replace('gateways/hut', 'gnss/hut'),
      / id: .*"gnss\/hut" is not gateways/,
    ],
    ['no ports', (good) => good.replace(/ports.*/, 'ports: []'), / ports: /],
    [
      'evidence, which is a matter of the gateway',
      (good) => good.replace('path: auto', 'path: auto, evidence: {}'),
      /evidence/,
    ],
    [
      'a relative camera folder',
      (good) => `${good}cameras: [{ source: camera, folder: clips }]\n`,
      /cameras\[0\]\.folder: .*is not an absolute path/,
    ],
    [
      'a name twice',
      (good) => `${good}cameras: [{ source: gnss, folder: /media }]\n`,
      /cameras\[0\]\.source: .*is the name of another source/,
    ],
    ['no YAML', () => '{', /:\d+: the device profile is not valid/],
  ])('with %s is refused in one line with file, line and key', async (_, change, expected) => {
    const file = await writePreset(change(GOOD), 'bad');
    const { code, stdout, stderr } = await runCommand(['profiles', 'check', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^PROFILE_INVALID [^\n]+\n$/);
    expect(stderr).toMatch(expected);
    await rm(file);
  });

  it('that names a profile which is not there is refused where it is used', async () => {
    await writePreset(GOOD.replace('ublox-neo-m9n', 'none').replace('hut', 'attic'), 'attic');
    expect(await lineOf(load('preset: gateways/attic\n'))).toContain(
      'PROFILE_NOT_FOUND gateways/attic ports: gnss.profile: no device profile "gnss/none"',
    );
  });
});
