import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mosquitto } from '../support/mosquitto.ts';
import { runProgram, type ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { Wiretap } from '../support/wiretap.ts';
import { expectAcceptedOnce, expectIdenticalBytes, expectUnbroken } from './unbroken.ts';

/** When somebody is killed: at the nth such event from the beginning of the round. */
type Moment = readonly ['begun' | 'stored' | 'published' | 'committed' | 'answered', number];
type Victim = 'verifier' | 'broker' | 'daemon';
type Round = readonly [Victim, Moment];

/** Proofs that have to be accepted between one kill and the next. */
const BETWEEN = 2;

let broker: Mosquitto;
let site: Site;
let tap: Wiretap;
let verifier: ServiceProcess;
let daemon: ServiceProcess;
/** Sequence numbers of the proofs that came first after the daemon was killed. */
let afterKills: number[];

async function arrive([event, nth]: Moment): Promise<void> {
  if (event === 'begun' || event === 'stored') return site.spool.next(event, nth);
  if (event === 'published') return tap.next('proof', nth);
  if (event === 'answered') return tap.next('receipt', nth);
  await site.ledger.accepted(site.ledger.proofs().length + nth);
}

/** Kills the daemon and notes which proof will be the next. */
async function killDaemon(): Promise<void> {
  await daemon.kill();
  // What the folder told of last is heard in the next turn of the event loop.
  await nextTurn();
  afterKills.push((site.spool.sealed().at(-1)?.seq ?? -1) + 1);
}

async function killAndRestart(victim: Victim): Promise<void> {
  switch (victim) {
    case 'verifier':
      await verifier.kill();
      verifier = await site.startVerifier();
      return;
    case 'broker':
      await broker.kill();
      await broker.start();
      return;
    case 'daemon':
      await killDaemon();
      daemon = await site.startDaemon();
  }
}

/** Plays the rounds, lets everything settle, and ends the daemon in good order. */
async function play(rounds: readonly Round[]): Promise<void> {
  for (const [victim, moment] of rounds) {
    await arrive(moment);
    await killAndRestart(victim);
    await site.ledger.accepted(site.spool.sealed().length + BETWEEN);
  }
  await site.silence();
  await site.spool.empty();
  expect(await daemon.stop()).toBe(0);
  await site.ledger.accepted(site.spool.sealed().length);
}

/** What has to hold in the end, whoever was killed and when. */
async function expectNothingLost(): Promise<void> {
  const proofs = expectUnbroken(site);
  const declaring = proofs.filter(({ payload }) => payload.losses.some(({ reason }) => reason === 'unclean-shutdown'));
  expect(declaring.map(({ payload }) => payload.seq)).toEqual(afterKills);
  const others = proofs.flatMap(({ payload }) => payload.losses).filter(({ reason }) => reason !== 'unclean-shutdown');
  expect(others).toEqual([]);
  expectIdenticalBytes(tap);
  expectAcceptedOnce(tap, JSON.parse(readFileSync(site.path('verifier.json'), 'utf8')));
  expect([...daemon.strayLines, ...verifier.strayLines]).toEqual([]);
  const files = await site.keep(site.ledger.proofs().map(({ message }) => message));
  const { code, verdicts } = await site.verify(files);
  expect(code).toBe(0);
  expect(verdicts.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect((await site.verifyInPython(files)).code).toBe(0);
}

async function begin(brokerConfig: readonly string[]): Promise<void> {
  broker = await Mosquitto.start({ config: brokerConfig });
  site = await Site.make({ brokerUrl: broker.url });
  tap = await Wiretap.start(broker.url);
  verifier = await site.startVerifier();
  daemon = await site.startDaemon();
  afterKills = [];
}

afterEach(async () => {
  await tap?.stop();
  await site?.dispose();
  await broker?.dispose();
});

/** It writes each change down, so that sessions and queued messages survive a kill; or nothing, ever. */
const BROKERS = [
  ['keeps its sessions', ['autosave_on_changes true', 'autosave_interval 1']],
  ['forgets everything', ['persistence false']],
] as const;

describe.each(BROKERS)('killed in the middle, with a broker that %s', (_, brokerConfig) => {
  beforeEach(() => begin(brokerConfig));

  const PLAYS: readonly (readonly Round[])[] = [
    [
      ['verifier', ['published', 2]],
      ['broker', ['published', 1]],
      ['daemon', ['stored', 2]],
      ['daemon', ['begun', 1]],
    ],
    [
      ['daemon', ['published', 2]],
      ['verifier', ['committed', 1]],
      ['broker', ['stored', 1]],
      ['daemon', ['answered', 1]],
    ],
    [
      ['broker', ['committed', 2]],
      ['daemon', ['committed', 1]],
      ['verifier', ['stored', 1]],
      ['broker', ['answered', 1]],
    ],
  ];
  const told = (rounds: readonly Round[]) => rounds.map(([who, [event, n]]) => `${who} at ${event} ${n}`).join(', ');

  it.each(PLAYS.map((rounds) => [told(rounds), rounds] as const))(
    '%s: every proof is accepted exactly once, in one unbroken chain',
    async (_told, rounds) => {
      await play(rounds);
      await expectNothingLost();
    },
    60_000,
  );
});

describe('killed all at once', () => {
  beforeEach(() => begin([]));

  it('daemon, broker and verifier together: every proof is accepted exactly once, in one unbroken chain', async () => {
    await arrive(['published', 2]);
    await Promise.all([killDaemon(), broker.kill(), verifier.kill()]);
    // The daemon seals on its own; the others come later.
    daemon = await site.startDaemon();
    await site.spool.next('stored', 3);
    await broker.start();
    verifier = await site.startVerifier();
    await play([]);
    await expectNothingLost();
  });

  it('a second daemon on the same outbox is refused in one line, and the first goes on', async () => {
    await site.ledger.accepted(1);
    const second = await runProgram(['run', '--config', site.daemonConfig], { env: site.daemonEnvironment });
    expect(second.code).toBe(2);
    expect(second.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^OUTBOX_LOCKED outbox\.directory: /)]);
    await site.ledger.accepted(site.ledger.proofs().length + 2);
    await play([]);
    await expectNothingLost();
  });
});
