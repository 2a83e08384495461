import { describe, expect, it } from 'vitest';
import { Selection } from '../../daemon/batching/index.ts';
import type { Observation } from '../../daemon/readings/index.ts';

const fix = (t: number): Observation => ({ kind: 'gnss.fix', t, fields: { mode: 3 } });
const kept = (selection: Selection, times: number[]) => times.filter((t) => selection.keeps(fix(t)));

describe('Selection', () => {
  it('keeps only the kinds that the profile names', () => {
    const selection = new Selection({ 'gnss.sky': { every: 0 } });
    expect(selection.keeps(fix(1))).toBe(false);
    expect(selection.keeps({ kind: 'gnss.sky', t: 1, fields: {} })).toBe(true);
  });

  it('keeps every reading where no period is given', () => {
    expect(kept(new Selection({ 'gnss.fix': { every: 0 } }), [1, 1, 2, 3])).toEqual([1, 1, 2, 3]);
  });

  it('keeps the beat through jitter', () => {
    const times = Array.from({ length: 1_000 }, (_, i) => 1_000_000 + i * 100 + ((i * 37) % 50) - 25);
    const perSecond = kept(new Selection({ 'gnss.fix': { every: 1_000 } }), times).length;
    expect(Math.abs(perSecond - 100)).toBeLessThanOrEqual(1);
    expect(kept(new Selection({ 'gnss.fix': { every: 100 } }), times)).toHaveLength(1_000);
  });

  it('starts a new beat after a pause', () => {
    const selection = new Selection({ 'gnss.fix': { every: 1_000 } });
    expect(kept(selection, [0, 1_000, 60_500, 61_000, 61_500])).toEqual([0, 1_000, 60_500, 61_500]);
  });

  it('goes on when the clock is set back', () => {
    const selection = new Selection({ 'gnss.fix': { every: 1_000 } });
    expect(kept(selection, [1_000_000, 1_001_000, 500_000, 500_500, 501_000])).toEqual([
      1_000_000, 1_001_000, 500_000, 501_000,
    ]);
  });
});
