import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findConfigErrors, loadDaemonConfig } from '../../daemon/config/index.ts';
import { loadSources } from '../../daemon/sources.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';

let site: DaemonFolder;
beforeAll(async () => {
  site = await DaemonFolder.make();
});
afterAll(() => site.remove());

const errorsOf = (sections: Readonly<Record<string, unknown>>): string[] => {
  const base = {
    signer: { uri: 'file:device.key', algorithm: 'ES256K' },
    ports: [{ source: 'gnss', path: '/dev/ttyACM0', profile: 'gnss/generic-nmea' }],
    outbox: { directory: 'outbox' },
    mqtt: { url: 'mqtt://127.0.0.1:1883' },
    verifier: { publicKeyFile: 'verifier.json' },
  };
  return findConfigErrors(JSON.stringify({ ...base, ...sections }), 'c.yaml', 'daemon').map((error) =>
    error.toLine().replace(/c\.yaml:\d+ /, ''),
  );
};

describe('the configuration of cameras and privacy zones', () => {
  it('has its defaults, and paths that start at its own folder', async () => {
    const config = await loadDaemonConfig(
      site.configure({
        cameras: [{ source: 'dashcam', folder: 'card', state: 'dashcam.journal' }],
        privacy: {
          zones: [
            { name: 'home', circle: { lat: 47, lon: 8, radius: 500 } },
            { name: 'works', geojson: 'works.geojson' },
          ],
          state: 'zones.json',
        },
      }),
    );
    expect(config.cameras).toEqual([
      {
        source: 'dashcam',
        folder: join(site.folder, 'card'),
        profile: 'dashcam/camera-folder',
        state: join(site.folder, 'dashcam.journal'),
      },
    ]);
    expect((await loadSources(config)).cameras).toMatchObject([
      { source: 'dashcam', settle: 2_000, maxFixAge: 10_000 },
    ]);
    expect(config.privacy.zones[1]).toEqual({ name: 'works', geojson: join(site.folder, 'works.geojson') });
    expect(config.privacy.state).toBe(join(site.folder, 'zones.json'));
  });

  it('is nothing where it is left out', async () => {
    const { cameras, privacy } = await loadDaemonConfig(site.configure());
    expect({ cameras, privacy }).toEqual({ cameras: [], privacy: { zones: [] } });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a camera named like a port',
      { cameras: [{ source: 'gnss', folder: 'a' }] },
      'CONFIG_INVALID cameras[0].source: "gnss" is the name of another source',
    ],
    [
      'a camera named like the gateway',
      { cameras: [{ source: 'host', folder: 'a' }] },
      'CONFIG_INVALID cameras[0].source: "host" is the name of another source',
    ],
    [
      'two cameras of one name',
      {
        cameras: [
          { source: 'a', folder: 'a' },
          { source: 'a', folder: 'b' },
        ],
      },
      'CONFIG_INVALID cameras[1].source: "a" is the name of another source',
    ],
    [
      'an ending with its dot',
      { cameras: [{ source: 'a', folder: 'a', types: ['.mp4'] }] },
      'CONFIG_INVALID cameras[0].types[0]: ".mp4" is not an ending',
    ],
    [
      'a zone without a place',
      { privacy: { zones: [{ name: 'home' }] } },
      'CONFIG_INVALID privacy.zones[0]: needs either circle or geojson',
    ],
    [
      'a zone with two',
      { privacy: { zones: [{ name: 'home', geojson: 'a', circle: { lat: 1, lon: 1, radius: 1 } }] } },
      'CONFIG_INVALID privacy.zones[0]: needs either circle or geojson',
    ],
    [
      'a radius that is none',
      { privacy: { zones: [{ name: 'home', circle: { lat: 1, lon: 1, radius: 0 } }] } },
      'CONFIG_INVALID privacy.zones[0].circle.radius: ',
    ],
    [
      'a latitude off the earth',
      { privacy: { zones: [{ name: 'home', circle: { lat: 91, lon: 1, radius: 9 } }] } },
      'CONFIG_INVALID privacy.zones[0].circle.lat: ',
    ],
  ])('with %s is refused', (_, sections, expected) => {
    expect(errorsOf(sections)).toEqual([expect.stringContaining(expected)]);
  });
});
