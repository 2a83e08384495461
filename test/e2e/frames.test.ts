import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Site } from '../support/site.ts';

let token: FaultyToken;
let broker: Mosquitto;
let site: Site;

beforeEach(async () => {
  token = await createFaultyToken();
  broker = await Mosquitto.start();
  site = await Site.make({
    brokerUrl: broker.url,
    token: { uri: token.uri, algorithm: 'ES256K', env: token.env },
    signer: { timeout: '300ms' },
    daemon: {
      cameras: [{ source: 'dashcam', folder: 'card', settle: '200ms' }],
      journal: { interval: '100ms' },
    },
  });
  mkdirSync(site.path('card'));
});
afterEach(async () => {
  await site?.dispose();
  await broker?.dispose();
  await token?.remove();
});

const store = () => join(token.sound.folder, 'tokens');
const away = () => join(token.sound.folder, 'away');
const record = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(site.path(`card/${name}`), `frame ${name}`);
};

const sealed = () => site.ledger.frames();

it('files whose frames were in the journal when the daemon was killed are sealed once, as all the others', {
  timeout: 120_000,
}, async () => {
  await site.startVerifier();
  const first = await site.startDaemon();
  await site.ledger.accepted(2);
  record('1.jpg');
  await expect.poll(sealed, { timeout: 20_000 }).toEqual(['1.jpg']);
  await site.silence();
  await expect.poll(() => site.metric('readings_waiting'), { timeout: 20_000 }).toBe(0);
  renameSync(store(), away());
  mkdirSync(store());
  record('2.jpg', '3.jpg');
  await expect.poll(() => site.metric('journal_readings'), { timeout: 20_000 }).toBe(2);
  await first.kill();

  // One came while nobody looked.
  record('4.jpg');
  const second = await site.startDaemon();
  expect(second.lines.map(({ msg }) => msg)).toContain('readings of the last run are taken up again');
  await expect.poll(() => site.metric('journal_readings'), { timeout: 20_000 }).toBe(3);
  // Killed again before any of them is sealed.
  await second.kill();

  const third = await site.startDaemon();
  record('5.jpg');
  await expect.poll(() => site.metric('journal_readings'), { timeout: 20_000 }).toBe(4);
  rmdirSync(store());
  renameSync(away(), store());
  third.signal('SIGHUP');
  await expect.poll(() => sealed().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(5);
  await site.spool.empty();
  expect(await third.stop()).toBe(0);

  // Nothing is left that would be sealed again.
  const fourth = await site.startDaemon();
  record('6.jpg');
  await expect.poll(() => sealed().includes('6.jpg'), { timeout: 20_000 }).toBe(true);
  expect(await fourth.stop()).toBe(0);
  expect(sealed()).toEqual(['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg', '6.jpg']);
});
