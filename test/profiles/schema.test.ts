import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { type DeviceProfile, Plausibility, readProfile, resolveSettings } from '../../daemon/profiles/index.ts';
import type { SettingSpec } from '../../daemon/protocols/index.ts';
import type { Observation } from '../../daemon/readings/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-profile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEAD = 'id: gnss/roof\ntitle: A receiver\nprotocol: gnss\nreadings: { gnss.fix: {} }\n';
const SERIAL = 'serial: { baudRates: [9600] }\n';

async function read(text: string): Promise<DeviceProfile> {
  const file = join(folder, `${Math.random()}.yaml`);
  await writeFile(file, text);
  return readProfile(file);
}

async function faultOf(text: string): Promise<string> {
  const error = await read(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof FieldsealError)) throw new Error(`it was taken: ${text}`);
  expect(error.code).toBe('PROFILE_INVALID');
  return error.toLine();
}

describe('a profile', () => {
  it('says how the device is reached, found, told, and what is plausible of it', async () => {
    const profile = await read(`${HEAD}
serial:
  baudRates: [38400, 9600]
  match: { usb: { vendorId: "1546", productId: "01a9" } }
network: { silence: 1m }
configure:
  ubx: { CFG-RATE-MEAS: 100, "0x10310001": true }
  ubxLegacy: { rateMs: 200, messages: { NAV-PVT: 1, GGA: 0 } }
  nmea: ["PMTK220,100"]
  lines: ["AT+CREG=2"]
plausible:
  gnss.fix: { speed: { max: 100 }, altMSL: { min: -400, max: 9000 } }
`);
    expect(profile.serial).toEqual({
      baudRates: [38_400, 9_600],
      silence: 10_000,
      match: { usb: { vendorId: '1546', productId: '01a9' } },
    });
    expect(profile.network).toEqual({ silence: 60_000 });
    expect(profile.configure?.ubx).toEqual({ 'CFG-RATE-MEAS': 100, '0x10310001': true });
    expect(profile.plausible).toEqual({ 'gnss.fix': { speed: { max: 100 }, altMSL: { min: -400, max: 9_000 } } });
  });

  it('may be for a network port alone', async () => {
    const profile = await read(`${HEAD}network: {}\n`);
    expect(profile.network).toEqual({ silence: 10_000 });
    expect(profile.serial).toBeUndefined();
  });

  it.each([
    ['', 'neither serial nor network'],
    [`${SERIAL}settings: { colour: red }`, '"colour" is no setting of this protocol'],
    ['serial: { baudRates: [9600], match: { usb: { vendorId: 1546, productId: "01a9" } } }', '1546 is not a text'],
    ['serial: { baudRates: [9600], match: { usb: { vendorId: "x", productId: "01a9" } } }', 'four hexadecimal digits'],
    [`${SERIAL}configure: {}`, 'tells the device nothing'],
    [`${SERIAL}configure: { ubx: { RATE: 1 } }`, 'RATE'],
    [`${SERIAL}configure: { nmea: ["$PMTK220,100*2F"] }`, 'without its $ and checksum'],
    [`${SERIAL}configure: { lines: ["AT\\r\\nAT"] }`, 'one line of printable ASCII'],
    [`${SERIAL}plausible: { gnss.fix: { colour: { max: 1 } } }`, 'gnss.fix has no number "colour"'],
    [`${SERIAL}plausible: { gnss.sky: { satellites: { max: 1 } } }`, 'gnss.sky has no number "satellites"'],
    [`${SERIAL}plausible: { gnss.fix: { speed: {} } }`, 'neither min nor max'],
    [`${SERIAL}plausible: { gnss.fix: { speed: { min: 2, max: 1 } } }`, 'min above its max'],
  ])('with %j is refused, with its place', async (text, detail) => {
    const line = await faultOf(`${HEAD}${text}\n`);
    expect(line).toContain(detail);
    expect(line).toMatch(/\.yaml:\d+ /);
  });
});

describe('the settings of a protocol', () => {
  const specs: Record<string, SettingSpec> = {
    name: { type: 'text', about: '' },
    level: { type: 'number', default: 3, about: '' },
    echo: { type: 'flag', default: true, about: '' },
    region: { type: 'choice', values: ['EU868', 'US915'], about: '' },
    poll: { type: 'duration', default: '10s', about: '' },
    wait: { type: 'duration', default: 250, about: '' },
  };

  it('have their defaults, and durations in ms', () => {
    expect(resolveSettings(specs, {})).toEqual({
      values: { level: 3, echo: true, poll: 10_000, wait: 250 },
      faults: [],
    });
    expect(resolveSettings(specs, { name: 'x', level: -1.5, echo: false, region: 'EU868', poll: '1m' }).values).toEqual(
      {
        ...{ name: 'x', level: -1.5, echo: false, region: 'EU868', poll: 60_000, wait: 250 },
      },
    );
  });

  it.each([
    ['name', 1],
    ['level', 'high'],
    ['level', Number.NaN],
    ['echo', 'yes'],
    ['region', 'MARS'],
    ['poll', 10],
    ['wait', 'soon'],
    ['colour', 'red'],
    ['toString', 'x'],
  ])('refuse %s: %j', (name, value) => {
    const { faults } = resolveSettings(specs, { [name]: value });
    expect(faults.map((fault) => fault.name)).toEqual([name]);
  });
});

describe('plausibility', () => {
  const plausibility = new Plausibility({ 'gnss.fix': { speed: { max: 1.5 }, lat: { min: -10, max: 10 } } });
  const fix = (fields: object): Observation => ({ kind: 'gnss.fix', t: 0, fields: { mode: 3, ...fields } });

  it.each([
    [fix({}), true],
    [fix({ speed: 1_500, lat: 100_000_000 }), true],
    [fix({ speed: 1_501 }), false],
    [fix({ lat: -100_000_001 }), false],
    [{ kind: 'source.evidence', t: 0, fields: { offset: 1, sha256: new Uint8Array(32) } } as Observation, true],
  ])('is judged in the units of JSON: %j is %s', (observation, holds) => {
    expect(plausibility.holds(observation)).toBe(holds);
  });
});
