import { describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { Outbox } from '../../daemon/outbox/index.ts';
import { draftProof, type Loss, openReadings, type Proof, parseProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { type Effect, type Fault, FaultyDisk } from './faulty-disk.ts';
import { ModelDisk, PowerCut } from './model-disk.ts';
import { device, NOW, outboxConfig, receiptFor } from './support.ts';

const SOURCES = [{ source: 'host', profile: 'builtin/host', profileDigest: new Uint8Array(32) }];
/** The outbox looks at no signature. */
const SIGNATURE = new Uint8Array(64).fill(1);
const BATCHES = 7;
const BATCH = 3;
const READINGS = BATCHES * BATCH;
/** The proof that the verifier rejects carries this reading. */
const REJECTED = 8;
/** Noted when the third batch is there. */
const LOSS: Loss = { reason: 'source-overflow', count: 7, from: NOW - 10, to: NOW };

const readingAt = (position: number): Reading => ({
  kind: 'host.health',
  source: 'host',
  t: NOW + position,
  fields: { uptime: position },
});

/** The world outside of the disk: what was published stays published, whatever becomes of the power. */
class World {
  /** Digest by place in the chain, of all that was ever sent. */
  readonly published: Map<string, string>;
  /** Digests with a receipt that lets the device drop the proof. */
  readonly accepted: Set<string>;
  /** How often each reading is in an accepted proof. */
  readonly readings: Map<number, number>;
  readonly declared: Loss[];
  noted: boolean;
  /** The power went while something was in memory alone. */
  excused: boolean;

  constructor(other?: World) {
    this.published = new Map(other?.published);
    this.accepted = new Set(other?.accepted);
    this.readings = new Map(other?.readings);
    this.declared = [...(other?.declared ?? [])];
    this.noted = other?.noted ?? false;
    this.excused = other?.excused ?? false;
  }

  copy(): World {
    return new World(this);
  }

  /** What the verifier makes of a message. */
  take(message: Uint8Array): 'accepted' | 'rejected' | 'duplicate' {
    const { proof, digest } = this.send(message);
    const positions = openReadings(proof).map(({ t }) => t - NOW);
    if (positions.includes(REJECTED)) return 'rejected';
    if (this.accepted.has(digest)) return 'duplicate';
    this.accepted.add(digest);
    for (const position of positions) this.readings.set(position, (this.readings.get(position) ?? 0) + 1);
    this.declared.push(...proof.payload.losses);
    return 'accepted';
  }

  /** A message goes out, and no answer comes back. */
  send(message: Uint8Array): { proof: Proof; digest: string } {
    const proof = parseProof(message);
    const place = `${Buffer.from(proof.payload.epoch).toString('hex')}.${proof.payload.seq}`;
    const digest = Buffer.from(proof.digest).toString('hex');
    const before = this.published.get(place);
    if (before !== undefined && before !== digest) throw new Error(`proof ${place} was made a second time`);
    this.published.set(place, digest);
    return { proof, digest };
  }
}

const openOn = async (fileSystem: FaultyDisk | ModelDisk, config = {}) => {
  const outbox = new Outbox(outboxConfig({ directory: '/outbox', ...config }), {
    log: keptLog(),
    fileSystem,
    lock: { take: async () => {}, release: async () => {} },
    now: () => NOW,
  });
  return { outbox, opening: await outbox.open() };
};

/** A sealer in a few lines: seals the readings up to a position. */
async function seal(outbox: Outbox, from: number, to: number): Promise<void> {
  const readings = Array.from({ length: to - from }, (_, i) => readingAt(from + 1 + i));
  for (let tries = 0; tries < 5; tries++) {
    const declared = outbox.losses;
    const draft = draftProof({
      publicKey: device.publicKey,
      previous: outbox.chain(),
      readings,
      sources: SOURCES,
      clock: { source: 'ntp', uncertaintyMs: 10, bootId: new Uint8Array(16), sinceBootMs: 1000 },
      losses: declared,
      software: { name: 'fieldseal', version: '0.0.0' },
      now: NOW,
    });
    const appended = await outbox.append(draft.finish(SIGNATURE), draft.head, { declared, position: to });
    if (appended !== 'again') return;
  }
  throw new Error('sealed again and again');
}

/** Everything that waits goes out; what is answered is settled. */
async function exchange(world: World, outbox: Outbox, answers: (nth: number) => boolean): Promise<void> {
  for (const [nth, entry] of [...outbox.pending()].entries()) {
    const message = await outbox.read(entry);
    if (message === undefined) continue;
    if (!answers(nth)) {
      world.send(message);
      continue;
    }
    const verdict = world.take(message);
    const { digest, payload } = parseProof(message);
    const head = { epoch: payload.epoch, seq: payload.seq, digest };
    await outbox.settle(receiptFor(head, { verdict, reasons: verdict === 'rejected' ? ['range'] : [] }));
  }
}

/** A run from some position to the end: a batch at a time, with answers for most but not all of what waits. */
async function live(world: World, outbox: Outbox, from: number): Promise<void> {
  let position = from;
  for (let batch = 0; position < READINGS; batch++) {
    const to = Math.min(READINGS, position + BATCH);
    // The power may have gone when it was written down already.
    world.noted ||= outbox.losses.some(({ reason }) => reason === LOSS.reason);
    if (!world.noted && to >= 2 * BATCH) {
      await outbox.addLoss(LOSS);
      world.noted = true;
    }
    await seal(outbox, position, to);
    position = to;
    await exchange(world, outbox, (nth) => (nth + batch) % 3 !== 2);
    await outbox.mend();
  }
}

/** The verifier answers everything, until nothing waits and no loss is undeclared. */
async function drain(world: World, outbox: Outbox): Promise<void> {
  for (let round = 0; round < 10; round++) {
    while (!(await outbox.mend()));
    await exchange(world, outbox, () => true);
    if (outbox.size === 0 && outbox.losses.length === 0) return;
    if (outbox.losses.length > 0) await seal(outbox, READINGS, READINGS);
  }
  throw new Error(`${outbox.size} proofs still wait, ${outbox.losses.length} losses are undeclared`);
}

const countOf = (losses: readonly Loss[], reason: Loss['reason']) =>
  losses.filter((loss) => loss.reason === reason).reduce((sum, { count }) => sum + count, 0);

/** Nothing lost without a word, nothing twice. */
function check(world: World): void {
  const missing = Array.from({ length: READINGS }, (_, i) => i + 1).filter((one) => !world.readings.has(one));
  const rejected = countOf(world.declared, 'rejected');
  expect(missing).toContain(REJECTED);
  expect(rejected).toBeGreaterThanOrEqual(missing.length);
  if (world.excused) return;
  expect(rejected).toBe(missing.length);
  expect(countOf(world.declared, 'source-overflow')).toBe(LOSS.count);
  expect([...world.readings.values()].filter((times) => times !== 1)).toEqual([]);
  expect(countOf(world.declared, 'outbox-quota') + countOf(world.declared, 'outbox-corrupt')).toBe(0);
}

const EFFECTS: readonly Effect[] = ['none', 'all', 'lost'];
const during =
  (first: number, count: number, fault: Fault) =>
  (operation: number): Fault | undefined =>
    operation >= first && operation < first + count ? fault : undefined;

/** How many operations a life takes on a disk that is well. */
async function lengthOfLife(): Promise<number> {
  const disk = new FaultyDisk(new ModelDisk(), () => undefined);
  const world = new World();
  const { outbox } = await openOn(disk);
  await live(world, outbox, 0);
  await drain(world, outbox);
  await outbox.close();
  check(world);
  return disk.operations;
}

describe('a disk that fails at any operation and heals', () => {
  it.each(EFFECTS)('costs nothing that is not declared, and nothing twice (effect: %s)', async (effect) => {
    const length = await lengthOfLife();
    expect(length).toBeGreaterThan(60);
    let failures = 0;
    for (let first = 1; first <= length; first++) {
      for (const count of [1, 2, 5, 12, 40]) {
        const disk = new FaultyDisk(new ModelDisk(), during(first, count, { code: 'EIO', effect }));
        const world = new World();
        const { outbox } = await openOn(disk);
        await live(world, outbox, 0);
        await drain(world, outbox);
        const closed = await outbox.close().then(
          () => true,
          () => false,
        );
        check(world);
        failures += disk.failures;
        // What is left on the disk is a run that ended well, or one that says it did not.
        const { opening, outbox: again } = await openOn(new ModelDisk(Number.POSITIVE_INFINITY, disk.disk.afterCut(0)));
        if (effect === 'lost') continue;
        expect([opening.position, again.size]).toEqual([READINGS, 0]);
        if (closed) expect(opening.unclean).toBe(false);
      }
    }
    expect(failures).toBeGreaterThan(length * 5);
  });

  it.each<Effect>(['none', 'all'])(
    'and whose power then goes makes no published proof anew, and loses nothing that was ever on it (effect: %s)',
    async (effect) => {
      const length = await lengthOfLife();
      let [strict, excused] = [0, 0];
      for (let first = 1; first <= length; first += 2) {
        for (let after = first % 4; after < 40; after += 3) {
          const model = new ModelDisk(first + after);
          const disk = new FaultyDisk(model, during(first, 8, { code: 'ENOSPC', effect }));
          const world = new World();
          let outbox: Outbox | undefined;
          try {
            ({ outbox } = await openOn(disk));
            await live(world, outbox, 0);
            await drain(world, outbox);
            await outbox.close();
          } catch (error) {
            if (!(error instanceof PowerCut) && !(error instanceof FieldsealError)) throw error;
          }
          world.excused = outbox?.health.durable === false;
          if (world.excused) excused += 1;
          else strict += 1;
          for (const kept of new Set([0, model.unsynced])) {
            const next = world.copy();
            const { outbox: again, opening } = await openOn(
              new ModelDisk(Number.POSITIVE_INFINITY, model.afterCut(kept)),
            );
            await live(next, again, opening.position);
            await drain(next, again);
            await again.close();
            check(next);
          }
        }
      }
      expect(Math.min(strict, excused)).toBeGreaterThan(50);
    },
  );
});
