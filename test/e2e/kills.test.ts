import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/program.ts';
import { type Act, Drama, EVENTS, VICTIMS } from './drama.ts';

/** A broker that writes each change down, so that its sessions survive a kill; and one that never writes anything. */
const BROKERS: Readonly<Record<string, readonly string[]>> = {
  'remembers its sessions': ['autosave_on_changes true', 'autosave_interval 1'],
  'forgets everything': ['persistence false'],
};

const PLAYS: readonly (readonly Act[])[] = [
  [
    ['verifier', 'published', 2],
    ['broker', 'published', 1],
    ['daemon', 'stored', 2],
    ['daemon', 'begun', 1],
  ],
  [
    ['daemon', 'published', 2],
    ['verifier', 'committed', 1],
    ['broker', 'stored', 1],
    ['daemon', 'answered', 1],
  ],
  [
    ['broker', 'committed', 2],
    ['daemon', 'committed', 1],
    ['verifier', 'stored', 1],
    ['broker', 'answered', 1],
  ],
];

/** Acts that nobody thought of; FIELDSEAL_KILL_SEED=N plays others. */
const SEED = Number(process.env['FIELDSEAL_KILL_SEED'] ?? 20);
const RANDOM_PLAYS = [SEED, SEED + 1].map((seed) => [seed, randomActs(seed, 5)] as const);

function randomActs(seed: number, count: number): Act[] {
  let state = seed >>> 0;
  // The linear congruential generator of Numerical Recipes.
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return Array.from({ length: count }, () => [
    VICTIMS[below(VICTIMS.length)] ?? 'daemon',
    EVENTS[below(EVENTS.length)] ?? 'stored',
    1 + below(3),
  ]);
}

const told = (acts: readonly Act[]) => acts.map(([victim, event, nth]) => `${victim} at ${event} ${nth}`).join(', ');

/** Tests that run side by side share no hooks: each clears its own stage. */
async function perform(brokerConfig: readonly string[], play: (stage: Drama) => Promise<void>): Promise<void> {
  const stage = await Drama.begin(brokerConfig);
  try {
    await play(stage);
    await stage.end();
  } finally {
    await stage.dispose();
  }
}

describe('every proof is accepted exactly once, in one unbroken chain, with kill -9 in the middle', () => {
  for (const [broker, config] of Object.entries(BROKERS)) {
    it.concurrent.each(PLAYS.map((acts) => [told(acts), acts] as const))(
      `%s, with a broker that ${broker}`,
      (_, acts) => perform(config, (stage) => stage.play(acts)),
      120_000,
    );
  }

  it.concurrent.each(RANDOM_PLAYS.map(([seed, acts]) => [seed, told(acts), acts] as const))(
    'seed %i: %s',
    (_seed, _told, acts) => perform([], (stage) => stage.play(acts)),
    120_000,
  );

  it.concurrent(
    'of all three at once, with the daemon back long before the others',
    () =>
      perform([], async (stage) => {
        await stage.arrive('published', 2);
        await stage.catastrophe(3);
      }),
    120_000,
  );
});

it(
  'a second daemon on the same outbox is refused in one line, and the first goes on',
  () =>
    perform([], async ({ site }) => {
      await site.ledger.accepted(1);
      const second = await runProgram(['run', '--config', site.daemonConfig], { env: site.daemonEnvironment });
      expect(second.code).toBe(75);
      expect(second.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^OUTBOX_LOCKED outbox\.directory: /)]);
      await site.ledger.accepted(site.ledger.proofs().length + 2);
    }),
  120_000,
);
