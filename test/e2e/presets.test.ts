import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPreset, loadProfile, SHIPPED_PROFILES } from '../../daemon/profiles/index.ts';
import { openLab, scenarioSchema } from '../../daemon/simulator/index.ts';
import { freeUdpPort } from '../support/free-port.ts';
import { WholeSite } from '../support/whole-site.ts';

const cleanups: (() => Promise<unknown>)[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-preset-'));
  cleanups.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Plays simulated devices, each at a link of its name in the folder. */
function playLab(devices: object): void {
  const scenario = scenarioSchema.parse({ devices });
  const files = { lines: new Map(), recordings: new Map() };
  const lab = openLab({ scenario, files, linkOf: (name) => join(folder, name), now: Date.now() });
  const stop = new AbortController();
  const playing = Promise.all(lab.map((device) => device.play(stop.signal)));
  cleanups.push(async () => {
    stop.abort();
    await playing;
    for (const device of lab) device.close();
  });
}

/** Every kind that the preset's profiles keep, with its source; beacons come only where a challenge asks for one. */
async function wantedOf(id: string): Promise<string[]> {
  const { ports, cameras } = await loadPreset(id, [SHIPPED_PROFILES]);
  const kept = await Promise.all(
    ports.map(async ({ source, profile }) => {
      const { readings } = await loadProfile(profile, [SHIPPED_PROFILES]);
      return Object.keys(readings).map((kind) => `${source} ${kind}`);
    }),
  );
  const frames = cameras.map(({ source }) => `${source} camera.frame`);
  return ['host host.health', ...kept.flat(), ...frames].filter((name) => !name.endsWith('lora.beacon'));
}

/** The devices are plugged in once the gateway runs: a forwarder tells its state at once, and then not for half a minute. */
async function expectAccepted(id: string, sections: string, devices: object): Promise<void> {
  const site = await WholeSite.start(`preset: ${id}\n${sections}`);
  cleanups.push(() => site.stop());
  await site.until((readings) => expect(readings.map(({ kind }) => kind)).toContain('host.health'));
  playLab(devices);
  const wanted = await wantedOf(id);
  await site.until((readings) => {
    const accepted = new Set(readings.map(({ source, kind }) => `${source} ${kind}`));
    expect([...accepted].sort()).toEqual([...wanted].sort());
  });
}

describe('a gateway with a preset', () => {
  it('as a hotspot has readings of every kind accepted', { timeout: 60_000 }, async () => {
    const port = await freeUdpPort();
    await expectAccepted(
      'gateways/outdoor-hotspot',
      `ports:
  - { source: gnss, path: ${JSON.stringify(join(folder, 'gnss'))} }
  - { source: lora, path: "udp://127.0.0.1:${port}" }`,
      {
        gnss: { model: 'ublox', rate: 2 },
        lora: { model: 'packet-forwarder', to: `127.0.0.1:${port}`, nodes: 10, interval: '2s', spoilt: 0 },
      },
    );
  });

  it('as a dashcam has readings of every kind accepted, its clips among them', { timeout: 60_000 }, async () => {
    await mkdir(join(folder, 'card'));
    await writeFile(join(folder, 'card', 'clip.mp4'), Buffer.alloc(10_000, 7));
    await expectAccepted(
      'gateways/dashcam',
      `ports: [{ source: dashcam, path: ${JSON.stringify(join(folder, 'dashcam'))} }]
cameras: [{ source: camera, folder: ${JSON.stringify(join(folder, 'card'))}, settle: 500ms }]`,
      { dashcam: { model: 'dashcam', rate: 2 } },
    );
  });
});
