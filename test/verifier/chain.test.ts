import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Loss } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { type Ledger, listDevices } from '../../daemon/verifier/index.ts';
import { DeskUnderTest } from './desk-support.ts';
import { admitted, fix, Scratch, type Sealed, T0, TestDevice } from './support.ts';

const GRACE = 600_000;
let scratch: Scratch;
let ledger: Ledger;
let desk: DeskUnderTest;
let device: TestDevice;

beforeEach(async () => {
  scratch = new Scratch();
  ledger = scratch.ledger();
  desk = new DeskUnderTest(ledger);
  device = new TestDevice();
  await admitted(ledger, device);
});
afterEach(() => scratch.remove());

const listing = () => listDevices(ledger).devices[0];
const at = (sealed: readonly Sealed[], index: number): Sealed => {
  const one = sealed[index];
  if (one === undefined) throw new Error(`no proof ${index}`);
  return one;
};

async function giveUp(now: number, connectedAt = 0) {
  desk.now = now;
  await desk.desk.giveUpGaps(now - GRACE, connectedAt, now);
  return desk.taken();
}

describe('a chain in order', () => {
  it('is accepted proof by proof', async () => {
    const sealed = await device.sealMany(3);
    for (const [seq, one] of sealed.entries()) expect(await desk.bring(device, one)).toEqual([[seq, 'accepted', []]]);
    expect(listing()).toMatchObject({ lastSeq: 2, proofs: { accepted: 3, missing: 0 } });
  });

  it('answers a proof that comes again as a duplicate, and stores nothing twice', async () => {
    const sealed = await device.seal();
    await desk.bring(device, sealed);
    expect(await desk.bring(device, sealed)).toEqual([[0, 'duplicate', []]]);
    expect(scratch.query('SELECT count(*) AS n FROM readings')).toEqual([{ n: 3 }]);
    expect(scratch.query('SELECT count(*) AS n FROM proofs')).toEqual([{ n: 1 }]);
  });

  it('tells the reasons of a flagged proof again with its duplicate', async () => {
    const sealed = await device.seal({ readings: [fix(T0, { lat: 1e9 })] });
    await desk.bring(device, sealed);
    expect(await desk.bring(device, sealed)).toEqual([[0, 'duplicate', ['range']]]);
  });

  it('flags a proof whose readings begin before those of the one before it ended', async () => {
    await desk.bring(device, await device.seal());
    const t = device.timeOf(0) + 200;
    expect(await desk.bring(device, await device.seal({ readings: [fix(t - 10_020)] }))).toEqual([[1, 'accepted', []]]);
    const t1 = t - 10_020;
    expect(await desk.bring(device, await device.seal({ readings: [fix(t1 - 10_021)] }))).toEqual([
      [2, 'flagged', ['time-order']],
    ]);
  });

  it('takes a proof that declares by how much the clock was set back', async () => {
    await desk.bring(device, await device.seal());
    const t = device.timeOf(0) - 3_600_000;
    const step = (ms: number): Reading => ({
      ...{ kind: 'clock.step', source: 'gnss', t },
      fields: { previous: 1, source: 2, step: ms, since: t - 60_000 },
    });
    expect(await desk.bring(device, await device.seal({ readings: [fix(t), step(-3_600_000)] }))).toEqual([
      [1, 'accepted', []],
    ]);
    expect(await desk.bring(device, await device.seal({ readings: [fix(t - 9_000_000), step(3_600_000)] }))).toEqual([
      [2, 'flagged', ['time-order']],
    ]);
  });
});

describe('proofs out of order', () => {
  it('are held without a receipt, and judged when their predecessors have come', async () => {
    const sealed = await device.sealMany(4);
    expect(await desk.bring(device, at(sealed, 2))).toEqual([]);
    expect(await desk.bring(device, at(sealed, 2))).toEqual([]);
    expect(await desk.bring(device, at(sealed, 1))).toEqual([]);
    expect(listing()?.proofs).toEqual({ accepted: 0, flagged: 0, rejected: 0, held: 2, missing: 0 });
    expect(await desk.bring(device, at(sealed, 0))).toEqual([
      [0, 'accepted', []],
      [1, 'accepted', []],
      [2, 'accepted', []],
    ]);
    expect(await desk.bring(device, at(sealed, 3))).toEqual([[3, 'accepted', []]]);
  });

  it('are each accepted exactly once, in the chain’s order, whatever order and however often they come', async () => {
    const sealed = await device.sealMany(8);
    const arrivals = fc
      .tuple(fc.shuffledSubarray([...sealed.keys()], { minLength: 8 }), fc.array(fc.nat({ max: 7 }), { maxLength: 12 }))
      .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(arrivals, async (order) => {
        const fresh = scratch.ledger(`run-${run++}`);
        await admitted(fresh, device);
        const other = new DeskUnderTest(fresh);
        const verdicts = [];
        for (const index of order) verdicts.push(...(await other.bring(device, at(sealed, index))));
        const accepted = verdicts.filter(([, verdict]) => verdict !== 'duplicate');
        expect(accepted).toEqual(sealed.map((_, seq) => [seq, 'accepted', []]));
      }),
      { numRuns: 25 },
    );
  });

  it('share a commit when they come together, copies included', async () => {
    const sealed = await device.sealMany(4);
    const order = [2, 2, 0, 3, 0, 1, 1, 3];
    const arrival = (index: number) => ({ kid: device.kid, message: at(sealed, index).message, received: desk.now });
    await Promise.all(order.map((index) => desk.desk.take(arrival(index), {})));
    const receipts = desk.taken().map(([seq, verdict]) => `${verdict} ${seq}`);
    expect(receipts.toSorted()).toEqual([
      'accepted 0',
      'accepted 1',
      'accepted 2',
      'accepted 3',
      'duplicate 0',
      'duplicate 1',
      'duplicate 3',
    ]);
    expect(await desk.metrics.registry.metrics()).toContain('fieldseal_verifier_ledger_commits_total 1\n');
    expect(scratch.query('SELECT count(*) AS n FROM readings')).toEqual([{ n: 12 }]);
  });

  it('survive a restart of the verifier while they are held', async () => {
    const sealed = await device.sealMany(2);
    await desk.bring(device, at(sealed, 1));
    const after = new DeskUnderTest(scratch.ledger());
    expect(await after.bring(device, at(sealed, 0))).toEqual([
      [0, 'accepted', []],
      [1, 'accepted', []],
    ]);
  });
});

describe('a gap', () => {
  it('is given up when its time is over, and what follows it is flagged once', async () => {
    const sealed = await device.sealMany(5);
    await desk.bring(device, at(sealed, 0));
    await desk.bring(device, at(sealed, 3));
    await desk.bring(device, at(sealed, 2));
    const came = desk.now;
    expect(await giveUp(came + GRACE - 1)).toEqual([]);
    expect(await giveUp(came + GRACE)).toEqual([
      [2, 'flagged', ['gap']],
      [3, 'accepted', []],
    ]);
    expect(await desk.bring(device, at(sealed, 4))).toEqual([[4, 'accepted', []]]);
    expect(listing()?.proofs).toMatchObject({ accepted: 3, flagged: 1, held: 0, missing: 1 });
  });

  it('is waited for while the verifier itself is away', async () => {
    const sealed = await device.sealMany(2);
    await desk.bring(device, at(sealed, 1));
    const back = desk.now + 10 * GRACE;
    expect(await giveUp(back + 1, back)).toEqual([]);
    expect(await giveUp(back + GRACE - 1, back)).toEqual([]);
    expect(await giveUp(back + GRACE, back)).toEqual([[1, 'flagged', ['gap']]]);
  });

  it('is not given up without a connection', async () => {
    await desk.bring(device, at(await device.sealMany(2), 1));
    expect(await giveUp(desk.now + 10 * GRACE, Number.POSITIVE_INFINITY)).toEqual([]);
  });

  it('is filled by late proofs that fit between its neighbours; when the last has come, its flag goes', async () => {
    const sealed = await device.sealMany(5);
    await desk.bring(device, at(sealed, 0));
    await desk.bring(device, at(sealed, 4));
    expect(await giveUp(desk.now + GRACE)).toEqual([[4, 'flagged', ['gap']]]);
    for (const index of [2, 1]) {
      expect(await desk.bring(device, at(sealed, index))).toEqual([[index, 'accepted', []]]);
      expect(await desk.bring(device, at(sealed, index))).toEqual([[index, 'duplicate', []]]);
    }
    expect(listing()?.proofs).toMatchObject({ accepted: 3, flagged: 1, missing: 1 });
    expect(await desk.bring(device, at(sealed, 3))).toEqual([[3, 'accepted', []]]);
    expect(listing()?.proofs).toMatchObject({ accepted: 5, flagged: 0, missing: 0 });
    expect(await desk.bring(device, at(sealed, 4))).toEqual([[4, 'duplicate', []]]);
  });

  it('leaves a flag that was given for more than the gap', async () => {
    await desk.bring(device, await device.seal());
    const missing = await device.seal();
    await desk.bring(device, await device.seal({ readings: [fix(T0, { lat: 1e9 })] }));
    await giveUp(desk.now + GRACE);
    await desk.bring(device, missing);
    expect(scratch.query('SELECT reasons FROM proofs WHERE seq = 2')).toEqual([{ reasons: '["range"]' }]);
    expect(listing()?.proofs).toMatchObject({ accepted: 2, flagged: 1, missing: 0 });
  });

  it('is waited for while the chain gets on, however long that takes', async () => {
    const sealed = await device.sealMany(40);
    const came = desk.now;
    await desk.bring(device, at(sealed, 39));
    for (let index = 0; index < 38; index += 1) {
      desk.now += GRACE - 1;
      expect(await desk.bring(device, at(sealed, index))).toMatchObject([
        [index, expect.anything(), expect.anything()],
      ]);
      expect(await giveUp(desk.now)).toEqual([]);
    }
    expect(desk.now - came).toBeGreaterThan(30 * GRACE);
    expect(await giveUp(desk.now + GRACE)).toMatchObject([[39, 'flagged', ['gap']]]);
  });

  it('is given up at once where its last proof is declared lost, in whatever epoch that is declared', async () => {
    const [first] = await device.sealMany(1);
    await desk.bring(device, first!);
    const { epoch } = first!;
    const lost = await device.sealMany(3);
    const after = await device.seal();
    expect(await desk.bring(device, after)).toEqual([]);
    const old = device.head;
    device.restart(77);
    const declare = (from: number, to: number): Loss => ({
      ...{ reason: 'outbox-quota', count: 3, from: 1, to: 2 },
      proofs: { epoch, first: from, last: to },
    });
    expect(await desk.bring(device, await device.seal({ losses: [declare(1, 2)] }))).toEqual([
      [0, 'flagged', ['restart']],
    ]);
    expect(await desk.bring(device, await device.seal({ losses: [declare(3, 3)] }))).toEqual([
      [1, 'accepted', []],
      [4, 'flagged', ['gap']],
    ]);
    device.head = old;
    expect(await desk.bring(device, await device.seal())).toEqual([[5, 'accepted', []]]);
    // One that was lost to all appearance comes after all.
    expect(await desk.bring(device, at(lost, 1))).toEqual([[2, 'accepted', []]]);
  });

  const quota = (from: number, to: number): Loss => ({ reason: 'outbox-quota', count: 9, from, to });
  it.each<[string, Loss[], boolean]>([
    ['declared lost', [quota(T0 + 1_000, T0 + 1_200)], true],
    ['not covered by a loss that is older', [quota(T0 - 5_000, T0 - 4_000)], false],
    ['not covered by a loss of readings', [{ ...quota(T0, T0 + 1_200), reason: 'source-overflow' }], false],
  ])('that is %s', async (_, losses, isOver) => {
    await desk.bring(device, await device.seal());
    await device.seal();
    const after = await device.seal({ losses });
    expect(await desk.bring(device, after)).toEqual(isOver ? [[2, 'flagged', ['gap']]] : []);
  });

  it('is given up at once when too many proofs wait behind it', async () => {
    const maxHeld = 50;
    const strict = new DeskUnderTest(ledger, { maxHeld });
    await device.seal();
    const sealed = [];
    for (let i = 0; i <= maxHeld; i += 1) sealed.push(await device.seal({ readings: [], sources: [] }));
    strict.now = device.timeOf(maxHeld);
    const verdicts = [];
    for (const one of sealed) verdicts.push(...(await strict.bring(device, one)));
    expect(verdicts).toHaveLength(maxHeld + 1);
    expect(verdicts[0]).toEqual([1, 'flagged', ['gap']]);
    expect(new Set(verdicts.slice(1).map(([, verdict]) => verdict))).toEqual(new Set(['accepted']));
    expect(scratch.query('SELECT held FROM chains')).toEqual([{ held: 0 }]);
  });
});

describe('another epoch', () => {
  it('is flagged as a restart with its first proof only', async () => {
    await desk.bring(device, await device.seal());
    device.restart(77);
    expect(await desk.bring(device, await device.seal())).toEqual([[0, 'flagged', ['restart']]]);
    expect(await desk.bring(device, await device.seal())).toEqual([[1, 'accepted', []]]);
  });

  it('leaves proofs of the former one welcome', async () => {
    const [first, second] = await device.sealMany(2);
    if (first === undefined || second === undefined) throw new Error('no proofs');
    await desk.bring(device, first);
    device.restart(77);
    await desk.bring(device, await device.seal());
    expect(await desk.bring(device, second)).toEqual([[1, 'accepted', []]]);
  });

  it('of which the beginning is missing is flagged for both', async () => {
    await desk.bring(device, await device.seal());
    device.restart(77);
    await device.seal();
    await desk.bring(device, await device.seal());
    expect(await giveUp(desk.now + GRACE)).toEqual([[1, 'flagged', ['restart', 'gap']]]);
  });
});

describe('two histories', () => {
  it('at one place: both are kept, the second is rejected, and the device is marked', async () => {
    const twin = new TestDevice();
    const [one, other] = [await device.seal(), await twin.seal({ readings: [fix(T0 + 5)] })];
    expect(await desk.bring(device, one)).toEqual([[0, 'accepted', []]]);
    expect(await desk.bring(device, other)).toEqual([[0, 'rejected', ['equivocation']]]);
    expect(await desk.bring(device, other)).toEqual([[0, 'rejected', ['equivocation']]]);
    expect(await desk.bring(device, one)).toEqual([[0, 'duplicate', []]]);
    expect(scratch.query('SELECT message FROM proofs UNION ALL SELECT message FROM equivocations')).toEqual([
      { message: Buffer.from(one.message) },
      { message: Buffer.from(other.message) },
    ]);
    expect(scratch.query('SELECT equivocated FROM devices')).toEqual([{ equivocated: desk.now }]);
    expect(listing()).toMatchObject({ equivocations: 1, proofs: { accepted: 1, rejected: 0 } });
  });

  it('of which one names a predecessor that is not the one we have', async () => {
    const twin = new TestDevice();
    await twin.seal({ readings: [fix(T0 + 5)] });
    await desk.bring(device, await device.seal());
    expect(await desk.bring(device, await twin.seal())).toEqual([[1, 'rejected', ['chain']]]);
    expect(await desk.bring(device, await device.seal())).toEqual([[1, 'accepted', []]]);
  });

  it('of which one is not the predecessor that a held proof names', async () => {
    const twin = new TestDevice();
    const [mine, theirs] = [await device.sealMany(2), await twin.seal({ readings: [fix(T0 + 5)] })];
    await desk.bring(device, at(mine, 1));
    expect(await desk.bring(device, theirs)).toEqual([[0, 'rejected', ['equivocation']]]);
    expect(await desk.bring(device, at(mine, 0))).toEqual([
      [0, 'accepted', []],
      [1, 'accepted', []],
    ]);
  });
});
