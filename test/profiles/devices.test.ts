import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DeviceProfile,
  listProfiles,
  loadProfile,
  Plausibility,
  SHIPPED_PROFILES,
} from '../../daemon/profiles/index.ts';
import { checkRanges, type KindName, type Observation } from '../../daemon/readings/index.ts';
import { AtModem, type ModemDialect } from '../../daemon/simulator/at-modem.ts';
import { BeastReceiver } from '../../daemon/simulator/beast-receiver.ts';
import type { Device } from '../../daemon/simulator/device.ts';
import { GnssDevice } from '../../daemon/simulator/gnss-device.ts';
import { createReceiver, type DeviceModel, Track } from '../../daemon/simulator/index.ts';
import { LoraAir } from '../../daemon/simulator/lora-air.ts';
import { Rak3172 } from '../../daemon/simulator/rak3172.ts';
import { Rn2483 } from '../../daemon/simulator/rn2483.ts';
import { WioE5 } from '../../daemon/simulator/wio-e5.ts';
import { CameraRig } from '../camera/rig.ts';
import { runCommand } from '../support/run-command.ts';
import { type Played, playDevice, playForwarder, START } from './bench.ts';
import { RECORDINGS, RecordedDevice, UnicoreDevice } from './recordings.ts';

const captures = new URL('../captures/devices/', import.meta.url);
const LENGTH_MS = 30_000;
/** Result of lora.beacon, as its choice counts them. */
const SENT = 0;

const receiver = (model: DeviceModel): Device =>
  new GnssDevice({ receiver: createReceiver(model, 1, 7), track: new Track({ start: START, seed: 7 }), rateHz: 1 });
const air = () => new LoraAir({ seed: 7, nodes: 12, intervalMs: 3_000 });
const recorded = (name: string): Device => new RecordedDevice((RECORDINGS[name] ?? (() => []))());
const modem = (dialect: ModemDialect) => (): Device => new AtModem(dialect, 7);
const nmea = () => receiver('nmea');
const ublox = () => receiver('ublox');
const beast = () => new BeastReceiver({ seed: 7, aircraft: 3 });

/** What stands for each profile's device: a model of the simulator, or a recording of our own. */
const DEVICES: Readonly<Record<string, (() => Device) | 'packet-forwarder' | 'camera'>> = {
  'cellular/generic-27007': modem('generic'),
  'cellular/quectel-bg95': modem('quectel'),
  'cellular/quectel-ec25': modem('quectel'),
  'cellular/quectel-eg25-g': modem('quectel'),
  'cellular/quectel-rm520n': modem('quectel'),
  'cellular/simcom-sim7600': modem('simcom'),
  'dashcam/camera-folder': 'camera',
  'dashcam/gsensord': () => receiver('dashcam'),
  'gnss/generic-nmea': nmea,
  'gnss/quectel-l76k': nmea,
  'gnss/quectel-l86': nmea,
  'gnss/quectel-lc29h': nmea,
  'gnss/quectel-lc79d': nmea,
  'gnss/ublox-max-m10s': ublox,
  'gnss/ublox-neo-6m': () => recorded('neo-6m.ubx'),
  'gnss/ublox-neo-m8n': ublox,
  'gnss/ublox-neo-m8u': ublox,
  'gnss/ublox-neo-m9n': ublox,
  'gnss/ublox-zed-f9p-base': () => recorded('zed-f9p-base.rtcm3'),
  'gnss/ublox-zed-f9p-rover': ublox,
  'gnss/ublox-zed-f9r': ublox,
  'gnss/unicore-um980': () => new UnicoreDevice(nmea()),
  'radio/beast-tcp': beast,
  'radio/gns-5894': () => recorded('gns-5894.avr'),
  'radio/meshtastic': () => recorded('meshtastic.stream'),
  'radio/microchip-rn2483': () => new Rn2483(air()),
  'radio/mode-s-beast': beast,
  'radio/rakwireless-rak3172': () => new Rak3172(air()),
  'radio/seeed-wio-e5': () => new WioE5(air()),
  'radio/semtech-packet-forwarder': 'packet-forwarder',
};

/** Without a model in the simulator: a recording, or a folder, stands for them. */
const UNPLAYED = ['dashcam/camera-folder', 'radio/meshtastic'];

const shipped = [...(await listProfiles([SHIPPED_PROFILES])).keys()];
const kindsOf = (observations: readonly Observation[]) => new Set(observations.map(({ kind }) => kind));
const wantedOf = ({ readings }: DeviceProfile) => Object.keys(readings) as KindName[];

async function play(profile: DeviceProfile): Promise<Played> {
  const device = DEVICES[profile.id];
  if (device === undefined) throw new Error(`nothing stands for the device of ${profile.id}`);
  if (device === 'camera') return playCamera(profile);
  if (device !== 'packet-forwarder') return playDevice(profile, device(), LENGTH_MS);
  const quick = new LoraAir({ seed: 7, nodes: 12, intervalMs: 500 });
  const wanted = wantedOf(profile);
  return playForwarder(profile, { air: quick, seed: 7 }, (observations) => {
    const kinds = kindsOf(observations);
    return wanted.every((kind) => kinds.has(kind));
  });
}

/** A camera that writes one image into its folder. */
async function playCamera({ folder }: DeviceProfile): Promise<Played> {
  const rig = new CameraRig();
  try {
    await rig.watching({ ...folder });
    writeFileSync(join(rig.folder, 'IMG_0001.JPG'), 'an image');
    await expect.poll(() => rig.frames, { timeout: 10_000 }).toHaveLength(1);
    await rig.stop();
    return { observations: rig.frames, stats: { bytes: 0, frames: {}, messages: {}, noise: {} } };
  } finally {
    await rig.remove();
  }
}

describe('every device profile', () => {
  it('has a device that stands for it', () => {
    expect(Object.keys(DEVICES)).toEqual(shipped);
  });
});

describe.each(shipped)('the device of %s', (id) => {
  it('takes its configuration, and yields each kind that the profile keeps, within bounds', async () => {
    const profile = await loadProfile(id, [SHIPPED_PROFILES]);
    const { observations, stats } = await play(profile);
    expect(stats.configureFailures ?? []).toEqual([]);
    if (profile.configure !== undefined) expect(stats.configured).toBe('done');
    expect(stats.configured ?? 'done').toBe('done');
    expect([...kindsOf(observations)]).toEqual(expect.arrayContaining(wantedOf(profile)));
    for (const { kind, fields } of observations) expect(checkRanges(kind, fields), kind).toEqual([]);
    for (const { kind, fields } of observations) if (kind === 'lora.beacon') expect(fields.result).toBe(SENT);
    const plausibility = new Plausibility(profile.plausible);
    expect(observations.filter((observation) => !plausibility.holds(observation))).toEqual([]);
  });

  it.skipIf(UNPLAYED.includes(id))('can be played by `fieldseal simulate`', async () => {
    const { code, stdout, stderr } = await runCommand([
      'simulate',
      id,
      '--seconds',
      '0',
      '--json',
      '--to',
      '127.0.0.1:9',
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('"event":"ended"');
  });
});

describe.each(Object.keys(RECORDINGS))('the capture %s', (name) => {
  it('is what the encoders make', () => {
    const made = Buffer.concat([...(RECORDINGS[name]?.() ?? [])]);
    const file = new URL(name, captures);
    if (process.env['UPDATE_CAPTURES'] === '1') writeFileSync(file, made);
    expect(readFileSync(file).equals(made)).toBe(true);
  });
});
