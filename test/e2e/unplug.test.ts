import { afterEach, beforeEach, expect, it } from 'vitest';
import { Mosquitto } from '../support/mosquitto.ts';
import { Site } from '../support/site.ts';
import { expectUnbroken } from './unbroken.ts';

let broker: Mosquitto;
let site: Site;

beforeEach(async () => {
  broker = await Mosquitto.start();
  // Unplugged for a second after each two seconds, and not a clean line in between.
  const faults = { seed: 3, unplug: { every: 10, epochs: 5 }, flip: 1e-4, garbage: 0.2 };
  site = await Site.make({ brokerUrl: broker.url, device: { faults } });
});

afterEach(async () => {
  await site?.dispose();
  await broker?.dispose();
});

it('a receiver that is unplugged and plugged in again, twice: readings go on, the daemon does too', async () => {
  const verifier = await site.startVerifier();
  const daemon = await site.startDaemon();
  await expect
    .poll(() => site.metric('port_reopens_total', '{source="gnss"}'), { timeout: 20_000, interval: 200 })
    .toBeGreaterThanOrEqual(2);
  const before = site.ledger.proofs().length;
  await site.ledger.accepted(before + 2);
  await site.silence();
  await site.spool.empty();
  expect(daemon.hasEnded).toBe(false);
  expect(await daemon.stop()).toBe(0);
  await site.ledger.accepted(site.spool.sealed().length);
  expect(await verifier.stop()).toBe(0);
  expectUnbroken(site);
  expect([...daemon.strayLines, ...verifier.strayLines]).toEqual([]);
  const fixes = site.ledger.readings().find(({ kind }) => kind === 'gnss.fix');
  expect(fixes).toMatchObject({ source: 'gnss', n: expect.any(Number) });
});
