import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildFailingDisk } from '../support/failing-disk.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import type { ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';

const EVERYTHING = 'open,write,sync,rename,unlink,mkdir';
/** errno(3), and the operations that fail with it. */
const TROUBLES = [
  { name: 'ENOSPC', text: `28 ${EVERYTHING}` },
  { name: 'EROFS', text: `30 ${EVERYTHING}` },
  { name: 'EIO', text: `5 ${EVERYTHING}` },
];
const PHRASES = {
  camera: [
    'which files are sealed is known in memory alone: a crash would have them sealed again',
    'which files are sealed is on the disk again',
  ],
  privacy: [
    'hidden times are known in memory alone: after a crash what came meanwhile would be hidden',
    'hidden times are on the disk again',
  ],
  evidence: ['raw evidence cannot be written', 'raw evidence is written again'],
} as const;

let disk: ReturnType<typeof buildFailingDisk>;
let broker: Mosquitto;
let site: Site;

beforeAll(() => {
  disk = buildFailingDisk();
});
afterAll(() => disk?.dispose());
beforeEach(async () => {
  broker = await Mosquitto.start();
  site = await Site.make({ brokerUrl: broker.url });
  mkdirSync(site.path('card'));
  mkdirSync(site.path('state'));
});
afterEach(async () => {
  await site?.dispose();
  await broker?.dispose();
});

/** The sections of the daemon's configuration that keep something in the folder; raw evidence and privacy zones exclude each other. */
function keep(what: 'evidence' | 'privacy'): void {
  const config = JSON.parse(readFileSync(site.daemonConfig, 'utf8'));
  const [port] = config.ports;
  const evidence = { directory: 'state/evidence', maxBytes: '1MB', every: '1s' };
  // Far from where the receiver drives.
  const zones = [{ name: 'far', circle: { lat: -10, lon: -10, radius: 100 } }];
  const more = {
    cameras: [{ source: 'dashcam', folder: 'card', settle: '200ms', state: 'state/camera.journal' }],
    ...(what === 'evidence' ? { ports: [{ ...port, evidence }] } : { privacy: { state: 'state/privacy.json', zones } }),
  };
  writeFileSync(site.daemonConfig, JSON.stringify({ ...config, ...more }));
}

const shim = () => ({
  LD_PRELOAD: disk.library,
  FAILING_DISK_FOLDER: site.path('state'),
  FAILING_DISK_CONTROL: site.path('disk-trouble'),
});
const record = (name: string) => writeFileSync(site.path(`card/${name}`), name);
const told = (daemon: ServiceProcess, room: keyof typeof PHRASES) =>
  daemon.lines.filter((line) => line['room'] === room && PHRASES[room].some((phrase) => phrase === line.msg));

const sealed = () => site.ledger.frames();
const untilSealed = (...names: string[]) => expect.poll(sealed, { timeout: 30_000 }).toEqual(names);

describe('a daemon whose state folder is on a disk that fails', { timeout: 120_000 }, () => {
  it.each(TROUBLES)('with $name goes on, says so of each room, and heals', async ({ name, text }) => {
    keep('evidence');
    await site.startVerifier();
    const daemon = await site.startDaemon(shim());
    record('1.jpg');
    await untilSealed('1.jpg');

    writeFileSync(site.path('disk-trouble'), text);
    record('2.jpg');
    for (const [failed] of [PHRASES.camera, PHRASES.evidence]) {
      const line = await daemon.logged(failed);
      expect(line).toMatchObject({ level: 50, code: 'FILE_NOT_WRITABLE' });
      expect(String(line['error'])).toContain(name);
    }
    await untilSealed('1.jpg', '2.jpg');

    rmSync(site.path('disk-trouble'));
    for (const [, healed] of [PHRASES.camera, PHRASES.evidence]) await daemon.logged(healed);
    expect(await daemon.stop()).toBe(0);
    expect([told(daemon, 'camera').length, told(daemon, 'evidence').length]).toEqual([2, 2]);
    expect(daemon.strayLines).toEqual([]);

    const again = await site.startDaemon();
    record('3.jpg');
    await untilSealed('1.jpg', '2.jpg', '3.jpg');
    expect(await again.stop()).toBe(0);
  });

  it.each(TROUBLES)('with $name at its start runs all the same, and heals', async ({ text }) => {
    keep('privacy');
    await site.startVerifier();
    writeFileSync(site.path('disk-trouble'), text);
    const daemon = await site.startDaemon(shim());
    await daemon.logged(PHRASES.privacy[0]);
    await site.ledger.accepted(2);
    record('1.jpg');
    await untilSealed('1.jpg');
    await daemon.logged(PHRASES.camera[0]);
    rmSync(site.path('disk-trouble'));
    for (const room of ['privacy', 'camera'] as const) await daemon.logged(PHRASES[room][1]);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.strayLines).toEqual([]);
    const again = await site.startDaemon();
    record('2.jpg');
    await untilSealed('1.jpg', '2.jpg');
    expect(await again.stop()).toBe(0);
  });
});
