import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FieldsealError } from '../../daemon/errors.ts';
import {
  kindsOf,
  listPresets,
  listProfiles,
  loadProfile,
  profileJsonSchema,
  readProfile,
  SHIPPED_PROFILES,
} from '../../daemon/profiles/index.ts';
import { runCommand } from '../support/run-command.ts';

const shipped = [...(await listProfiles([SHIPPED_PROFILES]))];
const presets = [...(await listPresets([SHIPPED_PROFILES]))];
const all = [...shipped, ...presets];

const GOOD = `
id: gnss/roof
title: A receiver on the roof
protocol: gnss
serial: { baudRates: [9600] }
readings: { gnss.fix: {} }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-profiles-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(text: string, id = 'gnss/roof'): Promise<string> {
  const file = join(folder, `${id}.yaml`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

describe.each(shipped)('the profile %s', (id, file) => {
  it('is valid, stands where its id says, and keeps kinds that its protocol yields', async () => {
    const profile = await loadProfile(id, [SHIPPED_PROFILES]);
    expect(profile.id).toBe(id);
    expect(relative(SHIPPED_PROFILES, file)).toBe(`${id}.yaml`);
    expect(profile.digest).toHaveLength(32);
    expect(kindsOf(profile.protocol)).toEqual(expect.arrayContaining(Object.keys(profile.readings)));
  });

  it('names its schema for editors, and has no key that the schema lacks', async () => {
    const text = await readFile(file, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema.json');
    const { properties, required } = profileJsonSchema() as { properties: object; required: string[] };
    const keys = Object.keys(parse(text));
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(keys));
    expect(keys).toEqual(expect.arrayContaining(required));
  });

  it('is what `fieldseal profiles show` prints', async () => {
    const { code, stdout } = await runCommand(['profiles', 'show', id]);
    expect(code).toBe(0);
    expect(stdout).toContain((await readFile(file, 'utf8')).trimEnd());
    const json = JSON.parse((await runCommand(['profiles', 'show', id, '--json'])).stdout);
    expect(json).toMatchObject({ id, digest: expect.stringMatching(/^[0-9a-f]{64}$/), file });
    expect((await runCommand(['profiles', 'check', file])).stdout).toBe(`${file}: good (${id}, ${json.title})\n`);
  });
});

describe('a profile', () => {
  it.each<[string, (good: string) => string, RegExp]>([
    ['an unknown key', (good) => `${good}colour: red\n`, /:7 colour: .*unknown key "colour"/],
    [
      'an unknown protocol',
      (good) => good.replace('protocol: gnss', 'protocol: morse'),
      /:4 protocol: .*"morse" is none of /,
    ],
    [
      'a kind that its protocol does not yield',
      (good) => good.replace('gnss.fix', 'host.health'),
      / readings: .*host\.health/,
    ],
    ['an unknown kind', (good) => good.replace('gnss.fix', 'gnss.fax'), / readings/],
    ['a folder, though it is a port', (good) => `${good}folder: { settle: 2s }\n`, / folder: .*camera-folder alone/],
    ['a port, though it is a camera', (good) => good.replace('protocol: gnss', 'protocol: camera-folder'), / folder: /],
    ['no kinds', (good) => good.replace('{ gnss.fix: {} }', '{}'), / readings: .*names no kind/],
    [
      'a rate without its unit',
      (good) => good.replace('gnss.fix: {}', 'gnss.fix: { every: 10 }'),
      / readings\.gnss\.fix\.every: .*10 is not a duration/,
    ],
    ['a baud rate that none has', (good) => good.replace('9600', '9'), /:5 serial\.baudRates\[0\]: .*less than 300/],
    ['an id of another shape', (good) => good.replace('gnss/roof', 'Roof'), /:2 id: .*"Roof" is not family\/device/],
    ['no title', (good) => good.replace(/title.*\n/, ''), / title: .*is missing/],
    [
      'an alias without its anchor',
      (good) => good.replace('A receiver on the roof', '*nothing'),
      /not valid: Unresolved alias/,
    ],
    ['nothing in it', () => '', / id: .*is missing/],
    ['no YAML', () => '{', /:\d+: the device profile is not valid/],
  ])('with %s is refused in one line with file, line and key', async (_, change, expected) => {
    const file = await write(change(GOOD));
    const refused = await readProfile(file).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(FieldsealError);
    const { code, stdout, stderr } = await runCommand(['profiles', 'check', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^PROFILE_INVALID [^\n]+ \(see docs\/add-a-device\.md\)\n$/);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(expected);
    const json = JSON.parse((await runCommand(['profiles', 'check', '--json', file])).stdout);
    expect(json).toEqual([{ file, ok: false, line: stderr.trimEnd() }]);
  });

  it('of a folder of the operator comes before the shipped one of its name', async () => {
    const mine = await write(GOOD.replace('gnss/roof', 'gnss/generic-nmea'), 'gnss/generic-nmea');
    expect((await loadProfile('gnss/generic-nmea', [folder, SHIPPED_PROFILES])).file).toBe(mine);
    const list = JSON.parse((await runCommand(['profiles', 'list', '--json', '--folder', folder])).stdout);
    expect(list.find(({ id }: { id: string }) => id === 'gnss/generic-nmea')).toMatchObject({ file: mine });
    await rm(mine);
  });

  it('that does not stand where its id says is refused', async () => {
    const file = await write(GOOD, 'gnss/cellar');
    await expect(loadProfile('gnss/cellar', [folder])).rejects.toMatchObject({
      code: 'PROFILE_INVALID',
      place: `${file} id`,
    });
    await rm(file);
  });

  it('that nobody has is one line', async () => {
    await expect(loadProfile('gnss/none', [SHIPPED_PROFILES])).rejects.toMatchObject({ code: 'PROFILE_NOT_FOUND' });
  });
});

describe('fieldseal profiles list', () => {
  it('names every shipped profile and preset, in both forms', async () => {
    const { code, stdout } = await runCommand(['profiles', 'list']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(all.length);
    const json = JSON.parse((await runCommand(['profiles', 'list', '--json'])).stdout);
    expect(json.map(({ id }: { id: string }) => id)).toEqual(all.map(([id]) => id));
  });
});

describe('a folder with a bad profile', () => {
  it('is listed without it, which is named, and the exit code is 1', async () => {
    const file = await write('id: gnss/bad\n', 'gnss/bad');
    const { code, stdout, stderr } = await runCommand(['profiles', 'list', '--folder', folder]);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(all.length);
    expect(stderr).toContain(`PROFILE_INVALID ${file}:1 `);
    await rm(file);
  });
});

describe('the JSON Schema for editors', () => {
  it('is a draft that editors know, closed to unknown keys, every key of it explained', () => {
    const schema = profileJsonSchema() as Record<string, unknown> & {
      properties: Record<string, { description?: string }>;
    };
    expect(schema).toMatchObject({
      $schema: expect.stringMatching(/^https?:\/\/json-schema\.org\/draft/),
      type: 'object',
      additionalProperties: false,
      required: expect.arrayContaining(['id', 'title', 'protocol', 'readings']),
    });
    for (const [key, property] of Object.entries(schema.properties)) expect(property.description, key).toBeTruthy();
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
