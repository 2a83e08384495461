import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DECLARED, PendingLosses } from '../../daemon/outbox/losses.ts';
import type { Loss } from '../../daemon/proof/index.ts';

const A = new Uint8Array(16).fill(1);
const B = new Uint8Array(16).fill(2);
const dropped = (first: number, last = first, count = 5 * (last - first + 1), epoch = A): Loss => ({
  ...{ reason: 'outbox-quota', count, from: 100 * first, to: 100 * last + 99 },
  proofs: { epoch, first, last },
});

describe('losses that nobody has declared', () => {
  it.each<[string, Loss[], Loss[]]>([
    ['follow one another', [dropped(3), dropped(4), dropped(5)], [dropped(3, 5)]],
    ['leave one out', [dropped(3), dropped(5)], [dropped(3), dropped(5)]],
    ['are of two epochs', [dropped(3), dropped(4, 4, 5, B)], [dropped(3), dropped(4, 4, 5, B)]],
    ['cannot all be counted', [dropped(3), dropped(4, 4, 0)], [dropped(3), dropped(4, 4, 0)]],
  ])('name proofs that %s in as few ranges as are true', (_, added, all) => {
    expect(new PendingLosses().plus(added).all).toEqual(all);
  });

  it('keep what came since a declaration was drawn up', () => {
    const drawnUp = new PendingLosses().plus([dropped(3), dropped(4)]).all;
    expect(drawnUp).toEqual([dropped(3, 4)]);
    const grown = new PendingLosses(drawnUp).plus([dropped(5), dropped(9)]);
    expect(grown.minus(drawnUp).all).toEqual([{ ...dropped(5), from: 300 }, dropped(9)]);
    expect(grown.minus(grown.all).all).toEqual([]);
  });

  it('are bounded: beyond it the earliest ranges are counted and named no more', () => {
    let losses = new PendingLosses();
    for (let seq = 0; seq < 4_000; seq += 2) losses = losses.plus([dropped(seq)]);
    expect(losses.all.length).toBeLessThan(300);
    expect(losses.all.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(losses.all.at(-1)).toEqual(dropped(3_998));
    expect(MAX_DECLARED).toBeGreaterThan(10);
  });

  it('come to the same count, and name each proof once, however they are declared in parts', () => {
    const step = fc.oneof(
      fc.record({ drop: fc.integer({ min: 1, max: 3 }), skip: fc.integer({ min: 0, max: 1 }) }),
      fc.constant('declare' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let losses = new PendingLosses();
        const declared: Loss[] = [];
        let seq = 0;
        let drawnUp: readonly Loss[] = [];
        for (const one of steps) {
          if (one === 'declare') {
            losses = losses.minus(drawnUp);
            declared.push(...drawnUp);
            drawnUp = losses.all.slice(0, 2);
          } else {
            seq += one.skip;
            for (let i = 0; i < one.drop; i++) losses = losses.plus([dropped(seq++)]);
          }
        }
        const all = [...declared, ...losses.all];
        const named = all.flatMap(({ proofs }) =>
          Array.from({ length: proofs!.last - proofs!.first + 1 }, (_, i) => proofs!.first + i),
        );
        expect(new Set(named).size).toBe(named.length);
        expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(5 * named.length);
      }),
    );
  });
});
