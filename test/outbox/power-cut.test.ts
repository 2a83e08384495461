import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Outbox, type OutboxOpening } from '../../daemon/outbox/index.ts';
import { type Loss, parseProof } from '../../daemon/proof/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { ModelDisk } from './model-disk.ts';
import { NOW, outboxConfig, receiptFor, type Sealed, seal } from './support.ts';

const LOSS: Loss = { reason: 'source-overflow', count: 7, from: NOW - 10, to: NOW };
const READINGS = [2, 3, 4, 5, 60];
const STEPS = [
  'open',
  'append 0',
  'note a loss',
  'append 1, which declares it',
  'accept 0',
  'append 2',
  'reject 2',
  'append 3',
  'accept 3',
  'append 4, which drops 1',
  'close',
] as const;
type Step = (typeof STEPS)[number];

let proofs: Sealed[];
let proofOfDigest: Map<string, number>;
/** So little that the last proof pushes out the oldest. */
let maxBytes: number;

beforeAll(async () => {
  proofs = [];
  for (const [seq, count] of READINGS.entries()) {
    proofs.push(await seal(proofs.at(-1)?.head, { count, losses: seq === 1 ? [LOSS] : [] }));
  }
  proofOfDigest = new Map(proofs.map(({ head }, seq) => [Buffer.from(head.digest).toString('hex'), seq]));
  const bytes = proofs.map(({ message }) => message.length);
  maxBytes = bytes[1]! + Math.max(bytes[0]!, bytes[2]!, bytes[3]!);
  expect(bytes[4]).toBeGreaterThan(bytes[3]!);
  expect(bytes[4]).toBeLessThan(maxBytes);
});

const outboxOn = (fileSystem: ModelDisk) =>
  new Outbox(outboxConfig({ directory: '/outbox', maxBytes, maxAge: 1e12 }), {
    log: keptLog(),
    fileSystem,
    lock: { take: async () => {}, release: async () => {} },
    now: () => NOW,
  });

/** Lives through the steps until the power goes. */
async function live(disk: ModelDisk): Promise<{ done: Step[]; doing: Step | undefined }> {
  const outbox = outboxOn(disk);
  const append = (seq: number, declared?: Loss[]) =>
    outbox.append(proofs[seq]!.message, proofs[seq]!.head, { declared: declared ?? [] });
  const settle = (seq: number, verdict: 'accepted' | 'rejected') =>
    outbox.settle(receiptFor(proofs[seq]!.head, { verdict }));
  const actions: Record<Step, () => Promise<unknown>> = {
    open: () => outbox.open(),
    'append 0': () => append(0),
    'note a loss': () => outbox.addLoss(LOSS),
    'append 1, which declares it': () => append(1, [LOSS]),
    'accept 0': () => settle(0, 'accepted'),
    'append 2': () => append(2),
    'reject 2': () => settle(2, 'rejected'),
    'append 3': () => append(3),
    'accept 3': () => settle(3, 'accepted'),
    'append 4, which drops 1': () => append(4),
    close: () => outbox.close(),
  };
  const done: Step[] = [];
  for (const step of STEPS) {
    try {
      await actions[step]();
    } catch {
      return { done, doing: step };
    }
    done.push(step);
  }
  return { done, doing: undefined };
}

/** What came back after the power did. */
interface Aftermath {
  readonly opening: OutboxOpening;
  /** Sequence numbers of the proofs that can be read back whole. */
  readonly pending: number[];
  readonly quarantined: number[];
  /** Readings or proofs lost by reason: noted, or declared by a proof that is still there to be sent. */
  readonly accounted: Record<string, number>;
}

async function recover(disk: ModelDisk): Promise<Aftermath> {
  const outbox = outboxOn(disk);
  const opening = await outbox.open();
  const pending: number[] = [];
  const accounted: Record<string, number> = {};
  const account = (losses: readonly Loss[]) => {
    for (const { reason, count } of losses) if (count > 0) accounted[reason] = (accounted[reason] ?? 0) + count;
  };
  for (const entry of [...outbox.pending()]) {
    const message = await outbox.read(entry);
    if (message === undefined) throw new Error('a stored proof is damaged');
    const seq = proofOfDigest.get(entry.digest)!;
    expect(Buffer.from(message)).toEqual(Buffer.from(proofs[seq]!.message));
    account(parseProof(message).payload.losses);
    pending.push(seq);
  }
  account(outbox.losses);
  const quarantined = (await disk.list('/outbox/quarantine'))
    .filter((name) => name.endsWith('.cose'))
    .map((name) => proofOfDigest.get(name.slice(-69, -5))!);
  return { opening, pending, quarantined, accounted };
}

function check(
  { done, doing }: Awaited<ReturnType<typeof live>>,
  { opening, pending, quarantined, accounted }: Aftermath,
) {
  const did = (step: Step) => done.includes(step);
  const mayHave = (step: Step) => did(step) || doing === step;
  const appended = [0, 1, 2, 3, 4].filter((seq) => did(STEPS.find((step) => step.startsWith(`append ${seq}`))!));
  const started = [0, 1, 2, 3, 4].filter((seq) => mayHave(STEPS.find((step) => step.startsWith(`append ${seq}`))!));

  // Every proof that was stored is there, unless its leaving had begun; none that has left comes back to stay uncounted.
  const mayHaveLeft: Record<number, boolean> = {
    0: mayHave('accept 0'),
    1: mayHave('append 4, which drops 1'),
    2: mayHave('reject 2'),
    3: mayHave('accept 3'),
  };
  for (const seq of appended) if (!mayHaveLeft[seq]) expect(pending).toContain(seq);
  for (const seq of pending) expect(started).toContain(seq);
  expect(pending).toEqual([...pending].sort());
  if (did('accept 0')) expect(pending).not.toContain(0);
  if (did('reject 2')) expect(pending).not.toContain(2);
  if (did('accept 3')) expect(pending).not.toContain(3);
  if (did('append 4, which drops 1')) expect(pending).not.toContain(1);

  // The chain goes on from its last proof, never from an earlier one.
  const head = opening.head?.seq ?? -1;
  expect(head).toBeGreaterThanOrEqual(appended.at(-1) ?? -1);
  expect(head).toBeLessThanOrEqual(started.at(-1) ?? -1);
  if (opening.head !== undefined) expect(opening.head).toEqual(proofs[head]!.head);
  expect(opening.chainLost).toBe(false);
  expect(pending.at(-1) ?? -1).toBeLessThanOrEqual(head);

  // Each loss is accounted for exactly once.
  const count = accounted['source-overflow'] ?? 0;
  if (did('note a loss')) expect(count).toBe(7);
  else expect([0, 7].slice(0, mayHave('note a loss') ? 2 : 1)).toContain(count);
  const stored2 = started.includes(2) && head >= 2;
  expect(accounted['rejected'] ?? 0).toBe(stored2 && !pending.includes(2) ? READINGS[2] : 0);
  const stored1 = started.includes(1) && head >= 1;
  expect(accounted['outbox-quota'] ?? 0).toBe(stored1 && !pending.includes(1) ? READINGS[1] : 0);
  // A rejected proof is kept for the operator.
  if (stored2 && !pending.includes(2)) expect(quarantined).toContain(2);
}

describe('the power goes at any moment', () => {
  it('and every proof, the head of the chain and each loss come back, once', async () => {
    const whole = new ModelDisk();
    expect((await live(whole)).doing).toBeUndefined();
    expect(whole.operations).toBeGreaterThan(50);
    let cases = 0;
    for (let cutAt = 1; cutAt <= whole.operations + 1; cutAt++) {
      const disk = new ModelDisk(cutAt);
      const life = await live(disk);
      for (let kept = 0; kept <= disk.unsynced; kept++) {
        const aftermath = await recover(new ModelDisk(Number.POSITIVE_INFINITY, disk.afterCut(kept)));
        check(life, aftermath);
        if (life.doing === undefined) expect(aftermath.opening.unclean).toBe(false);
        else if (life.doing !== 'open' && life.doing !== 'close') expect(aftermath.opening.unclean).toBe(true);
        cases += 1;
      }
    }
    expect(cases).toBeGreaterThan(100);
  });

  it('and again while the outbox recovers from that', async () => {
    const whole = new ModelDisk();
    await live(whole);
    for (let cutAt = 1; cutAt <= whole.operations + 1; cutAt++) {
      const disk = new ModelDisk(cutAt);
      const life = await live(disk);
      const survivors = disk.afterCut(disk.unsynced);
      for (let secondCut = 1, open = true; open; secondCut++) {
        const second = new ModelDisk(secondCut, survivors);
        open = await recover(second).then(
          () => false,
          () => true,
        );
        if (secondCut > 200) throw new Error('never recovers');
        for (const kept of new Set([0, Math.ceil(second.unsynced / 2), second.unsynced])) {
          check(life, await recover(new ModelDisk(Number.POSITIVE_INFINITY, second.afterCut(kept))));
        }
      }
    }
  });

  it('the files in the folders are what they should be in the end', async () => {
    const disk = new ModelDisk();
    await live(disk);
    const names = [...disk.afterCut(disk.unsynced).keys()];
    expect(names.filter((name) => basename(name).startsWith('.unfinished-'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('/outbox/spool/'))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith('/outbox/quarantine/'))).toHaveLength(2);
  });
});
