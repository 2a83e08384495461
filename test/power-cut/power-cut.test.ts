import { describe, expect, it } from 'vitest';
import { LANDINGS, ModelSectors } from '../journal/model-sectors.ts';
import { ModelDisk } from '../outbox/model-disk.ts';
import { BEGAN, LATE_MS, numberOf, reading, Site } from './site.ts';

const RESTARTED = BEGAN + 3_600_000;
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** By how much the clock was found to be wrong. */
const STEP_MS = 500_000;

/** What a life has seen to before the power went. */
interface Deeds {
  /** Readings that were on the disk: synced, or in a proof that was stored. */
  readonly kept: Set<number>;
  /** Readings that were synced at some time before the last. */
  readonly earlier: Set<number>;
  added: number;
  opened: boolean;
  /** The readings up to this number had been dated anew, and the disk knew. */
  dated: number;
  /** The readings up to this number may have been dated anew. */
  mayBeDated: number;
  closing: boolean;
  closed: boolean;
}

/** Lives through a day until the power goes. */
async function live(site: Site): Promise<Deeds> {
  const deeds: Deeds = {
    kept: new Set(),
    earlier: new Set(),
    added: 0,
    opened: false,
    dated: 0,
    mayBeDated: 0,
    closing: false,
    closed: false,
  };
  const add = (last: number) => {
    const numbers = range(deeds.added + 1, last);
    deeds.added = last;
    site.add(numbers);
  };
  let synced = 0;
  const sync = async () => {
    if (!(await site.journal.sync())) return;
    for (const n of range(1, synced)) deeds.earlier.add(n);
    synced = deeds.added;
    for (const n of range(1, synced)) deeds.kept.add(n);
  };
  try {
    await site.open();
    deeds.opened = true;
    add(3);
    await sync();
    add(7);
    await site.sealed(2);
    for (const n of range(1, 5)) deeds.kept.add(n);
    add(9);
    await sync();
    await site.settleOldest();
    site.holdToken();
    add(16);
    await sync();
    add(33);
    await sync();
    deeds.mayBeDated = 33;
    site.step(STEP_MS);
    add(36);
    await sync();
    deeds.dated = 33;
    site.letSign();
    await site.sealed(1);
    for (const n of range(1, 35)) deeds.kept.add(n);
    await site.settleOldest();
    await site.settleOldest();
    add(38);
    await sync();
    add(39);
    deeds.closing = true;
    await site.close();
    for (const n of range(1, 39)) deeds.kept.add(n);
    deeds.closed = true;
  } catch {
    await site.abandon();
  }
  return deeds;
}

/** The next life: takes up what is there and seals it. */
async function recover(site: Site): Promise<void> {
  await site.open();
  await site.look();
  await site.close();
  await site.look();
}

/** Holds what came of it in the last of the lives that followed against the first. */
function check(first: Site, deeds: Deeds, ...others: Site[]): void {
  const all = new Map([first, ...others].flatMap(({ seen }) => [...seen]));
  const last = others.at(-1) ?? first;
  // A proof that could be seen is never made again with other bytes.
  for (const { seen } of [first, ...others]) {
    for (const [place, { bytes }] of seen) expect(bytes).toBe(all.get(place)?.bytes);
  }
  // What has its receipt does not come back to be lost, and what has none does not go.
  for (const { digest } of first.seen.values()) {
    const isThere = [...last.seen.values()].some((seen) => seen.digest === digest);
    if (first.settled.has(digest)) expect(isThere).toBe(false);
  }
  // The chain goes on.
  const byDigest = new Set([...all.values()].map(({ digest }) => digest));
  const epochs = new Set([...all.values()].map(({ epoch }) => epoch));
  expect(epochs.size).toBeLessThanOrEqual(1);
  for (const { seq, prev } of all.values()) expect(seq === 0 || byDigest.has(prev)).toBe(true);
  // Every reading that was kept is in one proof, none in two.
  const counts = new Map<number, number>();
  const sealed = [...all.values()].flatMap(({ readings }) => readings);
  for (const one of sealed) counts.set(numberOf(one), (counts.get(numberOf(one)) ?? 0) + 1);
  for (const [n, count] of counts) expect([n, count]).toEqual([n, 1]);
  for (const n of deeds.kept) expect([n, counts.get(n)]).toEqual([n, 1]);
  for (const n of counts.keys()) expect(n).toBeLessThanOrEqual(deeds.added);
  // In their order, and dated as they should be.
  const inOrder = [...all.values()].sort((a, b) => a.seq - b.seq).flatMap(({ readings }) => readings);
  const numbers = inOrder.map(numberOf);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  for (const one of inOrder) {
    const n = numberOf(one);
    const was = reading(n).t;
    const isNew = n <= deeds.dated || n > 33;
    const mayBe = n <= 5 || deeds.mayBeDated === 0 ? [was] : isNew ? [was + STEP_MS] : [was, was + STEP_MS];
    expect(mayBe).toContain(one.t);
  }
  // What is of the first boot says so.
  for (const { readings, bootId } of last.seen.values()) {
    if (readings.length > 0) expect(bootId).toBe('01'.repeat(16));
  }
  // An end without a word is declared: no reading that is missing is older, and what was synced long before is not in question.
  const declared = [...all.values()].flatMap(({ losses }) => losses);
  const unclean = declared.filter(({ reason }) => reason === 'unclean-shutdown');
  if (deeds.closed) expect(declared).toEqual([]);
  if (deeds.opened && !deeds.closing) {
    expect(unclean.length).toBeGreaterThanOrEqual(1);
    expect(unclean.length).toBeLessThanOrEqual(others.length);
    for (const loss of unclean) expect(loss).toMatchObject({ count: 0, to: RESTARTED });
    const from = Math.min(...unclean.map((loss) => loss.from));
    const timeOf = (n: number) => reading(n).t + (n > 5 && (n <= deeds.dated || n > 33) ? STEP_MS : 0);
    for (const n of range(1, deeds.added)) if (!counts.has(n)) expect(timeOf(n)).toBeGreaterThanOrEqual(from);
    const settled = Math.max(BEGAN, ...[...deeds.earlier].map(timeOf));
    expect(from).toBeGreaterThanOrEqual(settled - LATE_MS);
    expect(from).toBeLessThanOrEqual(first.now);
  }
  expect(declared.filter(({ reason }) => reason !== 'unclean-shutdown')).toEqual([]);
}

const siteOn = (disk: ModelDisk, sectors: ModelSectors, boot: number) =>
  new Site(disk, sectors, boot === 1 ? BEGAN : RESTARTED, boot);

/** A first life that the power ends before its n-th operation. */
async function firstLife(cutAt?: number) {
  const disk = new ModelDisk(cutAt);
  const site = siteOn(disk, new ModelSectors(disk), 1);
  return { disk, site, deeds: await live(site) };
}

/** All that a power cut may leave of a life. */
function* remains({ disk, site }: { disk: ModelDisk; site: Site }) {
  const { sectors } = site;
  for (const kept of new Set([0, Math.ceil(disk.unsynced / 2), disk.unsynced])) {
    for (const landed of sectors.isTorn ? LANDINGS : (['all'] as const)) {
      yield { names: disk.afterCut(kept), sectors: sectors.afterCut(landed) };
    }
  }
  yield { names: disk.afterCut(disk.unsynced), sectors: sectors.afterCut('all', true) };
}

describe('the power goes at any moment of the whole way from a reading to a proof that is sent', () => {
  it('and what was kept is sealed once, in order; the rest is declared', async () => {
    const whole = await firstLife();
    expect(whole.deeds.closed).toBe(true);
    expect(whole.disk.operations).toBeGreaterThan(60);
    let cases = 0;
    for (let cutAt = 1; cutAt <= whole.disk.operations + 1; cutAt++) {
      const first = await firstLife(cutAt);
      for (const { names, sectors } of remains(first)) {
        const disk = new ModelDisk(Number.POSITIVE_INFINITY, names);
        const second = siteOn(disk, new ModelSectors(disk, sectors), 2);
        await recover(second);
        check(first.site, first.deeds, second);
        cases += 1;
      }
    }
    expect(cases).toBeGreaterThan(200);
  }, 120_000);

  it('and again while it recovers from that', async () => {
    const { disk: whole } = await firstLife();
    let cases = 0;
    for (let cutAt = 5; cutAt <= whole.operations; cutAt += 7) {
      const first = await firstLife(cutAt);
      const names = first.disk.afterCut(first.disk.unsynced);
      for (let secondCut = 1, goesOn = true; goesOn; secondCut += 2) {
        const disk = new ModelDisk(secondCut, names);
        const second = siteOn(disk, new ModelSectors(disk, first.site.sectors.afterCut('odd')), 2);
        goesOn = await recover(second).then(
          () => false,
          () => true,
        );
        await second.abandon();
        for (const rest of remains({ disk, site: second })) {
          const lastDisk = new ModelDisk(Number.POSITIVE_INFINITY, rest.names);
          const third = siteOn(lastDisk, new ModelSectors(lastDisk, rest.sectors), 3);
          await recover(third);
          check(first.site, first.deeds, second, third);
          cases += 1;
        }
      }
    }
    expect(cases).toBeGreaterThan(100);
  }, 120_000);
});
