import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import type { ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { expectUnbroken } from './unbroken.ts';

const PATIENCE_MS = 30_000;
const RATE_HZ = 5;

let token: FaultyToken;
let broker: Mosquitto;
let site: Site;
let daemon: ServiceProcess;

beforeEach(async () => {
  token = await createFaultyToken();
  broker = await Mosquitto.start();
  site = await Site.make({
    brokerUrl: broker.url,
    token: { uri: token.uri, algorithm: 'ES256K', env: token.env },
    signer: { timeout: '300ms', restartAfter: '1s' },
    device: { rateHz: RATE_HZ },
  });
  await site.startVerifier();
  daemon = await site.startDaemon();
  await site.ledger.accepted(2);
});

afterEach(async () => {
  token?.control();
  await site?.dispose();
  await broker?.dispose();
  await token?.remove();
});

const store = () => join(token.sound.folder, 'tokens');
const away = () => join(token.sound.folder, 'away');

function pull(): void {
  renameSync(store(), away());
  mkdirSync(store());
}

function putBack(): void {
  rmdirSync(store());
  renameSync(away(), store());
}

/** Somebody tells the daemon that it was mended: it need not wait for its next try. */
async function tellMended(): Promise<void> {
  daemon.signal('SIGHUP');
  await daemon.logged('configuration reloaded');
}

/** Seconds pass, and what is read is kept. */
const readingsWait = (atLeast: number) =>
  expect.poll(() => site.metric('readings_waiting'), { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(atLeast);

/** All that was sealed is accepted, in one chain, and says of itself that nothing is missing. */
async function expectNothingLost(): Promise<void> {
  await site.ledger.accepted(site.ledger.proofs().length + 2, PATIENCE_MS);
  await site.silence();
  await site.spool.empty();
  expect(await daemon.stop()).toBe(0);
  await site.ledger.accepted(site.spool.sealed().length);
  expect(expectUnbroken(site).flatMap(({ payload }) => payload.losses)).toEqual([]);
  const times = site.ledger.fixTimes();
  expect(gapsOf(times)).toEqual([]);
  expect(new Set(times).size).toBe(times.length);
}

/** Where a fix or more are missing. */
const gapsOf = (times: readonly number[]) =>
  times.slice(1).filter((time, index) => time - (times[index] ?? 0) > 1_000 / RATE_HZ);

describe('a token', { timeout: 120_000 }, () => {
  it('that is pulled while the daemon runs and put back: what was read meanwhile is sealed then', async () => {
    pull();
    await daemon.logged('token does not sign; readings wait');
    await readingsWait(10);
    expect(await site.metric('token_ok')).toBe(0);
    putBack();
    await tellMended();
    await expectNothingLost();
  });

  it('that comes up after the daemon: it reads from the start and seals from then on', async () => {
    expect(await daemon.stop()).toBe(0);
    const before = site.ledger.proofs().length;
    pull();
    daemon = await site.startDaemon();
    expect(await daemon.logged('begins without its token; readings wait')).toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    await readingsWait(10);
    expect(site.ledger.proofs()).toHaveLength(before);
    putBack();
    await tellMended();
    await site.ledger.accepted(before + 2, PATIENCE_MS);
    await site.silence();
    await site.spool.empty();
    expect(await daemon.stop()).toBe(0);
    expect(expectUnbroken(site).flatMap(({ payload }) => payload.losses)).toEqual([]);
  });

  it('whose PIN file is wrong when it is opened again: one try, until somebody has corrected it', async () => {
    const right = readFileSync(token.sound.pinFile);
    const logins = token.calls('C_Login');
    writeFileSync(token.sound.pinFile, 'wrong\n');
    token.control('lose-after 1');
    await daemon.logged('token does not sign; readings wait');
    await expect.poll(() => site.metric('sign_failures_total'), { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(3);
    token.control();
    expect(token.calls('C_Login') - logins).toBe(1);
    writeFileSync(token.sound.pinFile, right);
    await tellMended();
    await expectNothingLost();
    expect(token.calls('C_Login') - logins).toBe(2);
  });

  it('that hangs for good: the daemon ends to be started anew, and nothing that it had read is lost', async () => {
    token.control('hang C_Sign');
    await expect(daemon.endedBySurprise()).rejects.toThrow(/ended by itself with 75: .*TOKEN_TIMEOUT/s);
    token.control();
    daemon = await site.startDaemon();
    await site.ledger.accepted(site.ledger.proofs().length + 2, PATIENCE_MS);
    await site.silence();
    await site.spool.empty();
    expect(await daemon.stop()).toBe(0);
    await site.ledger.accepted(site.spool.sealed().length);
    expect(expectUnbroken(site).flatMap(({ payload }) => payload.losses)).toEqual([]);
    // Nobody read while the daemon was away; all that was read before is there.
    expect(gapsOf(site.ledger.fixTimes())).toHaveLength(1);
  });
});
