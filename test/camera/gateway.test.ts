import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadDaemonConfig } from '../../daemon/config/index.ts';
import { Gateway } from '../../daemon/gateway.ts';
import type { GatewayStatus } from '../../daemon/health/index.ts';
import { type Proof, publicKeyToJson, verifyProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { openSigner } from '../../daemon/signing/index.ts';
import { Track, VirtualDevice } from '../../daemon/simulator/index.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { keptLog } from '../support/kept-log.ts';
import { runCommand } from '../support/run-command.ts';

/** Eight seconds along the drive, which takes four more to get through it. */
const track = new Track({ start: Date.now(), seed: 7 });
const HOME = { lat: track.at(8_000).lat, lon: track.at(8_000).lon, radius: 25 };

let site: DaemonFolder;
beforeAll(async () => {
  site = await DaemonFolder.make();
  mkdirSync(site.path('card'));
});
afterAll(() => site.remove());

const metresFromHome = (lat: number, lon: number): number =>
  Math.hypot((lat / 1e7 - HOME.lat) * 111_190, (lon / 1e7 - HOME.lon) * 75_400);

interface Sealed {
  readonly proofs: Proof[];
  readonly messages: Uint8Array[];
  readonly readings: Reading[];
}

/** Runs a gateway until `enough`, and gives all that it sealed. */
async function drive(config: string, stopDriving: () => void, enough: (sealed: Sealed) => Promise<void>) {
  const { publicKey } = await openSigner({ uri: site.keyUri, algorithm: 'ES256K', timeout: 1_000 });
  const sealed: Sealed = { proofs: [], messages: [], readings: [] };
  let status: (() => GatewayStatus) | undefined;
  const gateway = new Gateway(await loadDaemonConfig(config), {
    log: keptLog(),
    notify: () => false,
    env: {},
    farewellMs: 0,
    observer: {
      onReady: (ask) => {
        status = ask;
      },
      onSealed: ({ message }) => {
        const { proof, readings } = verifyProof(message, publicKey);
        sealed.messages.push(message);
        sealed.proofs.push(proof);
        sealed.readings.push(...readings);
      },
    },
  });
  const stop = new AbortController();
  const running = gateway.run(stop.signal);
  await Promise.race([enough(sealed), running]);
  stopDriving();
  stop.abort();
  await running;
  site.write('device.json', JSON.stringify(publicKeyToJson(publicKey)));
  return { ...sealed, status: status?.() };
}

it('a drive through a privacy zone: nothing within it is sealed, all of it is declared, and a frame is shown to be the sealed one', {
  timeout: 90_000,
}, async () => {
  const device = new VirtualDevice({
    ...{ model: 'nmea', rateHz: 5, baudRate: 115_200, track },
  });
  const unplug = new AbortController();
  const path = device.open();
  const driving = device.run(unplug.signal);
  const config = site.configure({
    ports: [{ source: 'gnss', path, profile: 'gnss/generic-nmea' }],
    cameras: [{ source: 'dashcam', folder: 'card', settle: '300ms', maxFixAge: '2s' }],
    privacy: { zones: [{ name: 'home', circle: HOME }] },
    batching: { maxAge: '500ms' },
    health: { interval: '0s' },
  });
  let written = 0;
  const { proofs, messages, readings, status } = await drive(
    config,
    () => unplug.abort(),
    async (sealed) => {
      const isAway = (): boolean => {
        const last = sealed.readings.findLast(({ kind }) => kind === 'gnss.fix');
        const losses = sealed.proofs.flatMap(({ payload }) => payload.losses);
        return last !== undefined && losses.some(({ count }) => count > 5);
      };
      while (!isAway()) {
        site.write(`card/${written}.jpg`, `frame ${written}`);
        written += 1;
        await sleep(400);
      }
      const last = `${written - 1}.jpg`;
      await expect
        .poll(() => sealed.readings.some((one) => one.kind === 'camera.frame' && one.fields.name === last), {
          timeout: 10_000,
        })
        .toBe(true);
    },
  );
  await driving;

  const fixes = readings.flatMap((one) => (one.kind === 'gnss.fix' ? [one] : []));
  const frames = readings.flatMap((one) => (one.kind === 'camera.frame' ? [one] : []));
  const losses = proofs.flatMap(({ payload }) => payload.losses);
  expect(fixes.length).toBeGreaterThan(5);
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.length).toBeLessThan(written);
  for (const { fields } of [...fixes, ...frames]) {
    if (fields.lat === undefined || fields.lon === undefined) continue;
    expect(metresFromHome(fields.lat, fields.lon)).toBeGreaterThan(HOME.radius);
  }
  expect(frames.filter(({ fields }) => fields.lat !== undefined).length).toBeGreaterThan(1);

  expect(new Set(losses.map(({ reason }) => reason))).toEqual(new Set(['privacy-zone']));
  expect(losses.every(({ from, to }) => from % 60_000 === 0 && to % 60_000 === 0)).toBe(true);
  const declared = losses.reduce((sum, { count }) => sum + count, 0);
  const kept = status?.sources.find(({ source }) => source === 'gnss')?.readings['gnss.fix'] ?? 0;
  expect(declared).toBe(kept - fixes.length + written - frames.length);
  expect(status?.sources.find(({ source }) => source === 'dashcam')).toMatchObject({
    state: 'running',
    readings: { 'camera.frame': frames.length },
  });

  const files = messages.map((message, index) => site.write(`${index}.cose`, message));
  const [frame] = frames;
  const name = frame?.fields.name ?? '';
  const check = (file: string) =>
    runCommand(['verify-file', file, '--key', site.path('device.json'), '--proof', ...files]);
  const found = await check(site.path(`card/${name}`));
  expect(found.code).toBe(0);
  expect(JSON.parse(found.stdout)).toMatchObject({
    ok: true,
    sealed: { kind: 'camera.frame', source: 'dashcam', name },
  });
  const sealedNames = new Set(frames.map(({ fields }) => fields.name));
  const withheld = Array.from({ length: written }, (_, n) => `${n}.jpg`).find((one) => !sealedNames.has(one)) ?? '';
  expect(statSync(site.path(`card/${withheld}`)).size).toBeGreaterThan(0);
  expect((await check(site.path(`card/${withheld}`))).code).toBe(1);
  expect(readFileSync(site.path('camera-dashcam.journal'), 'utf8').split('\n').length).toBe(written + 1);
});
