import { describe, expect, it } from 'vitest';
import { FixHistory } from '../../daemon/camera/fix-history.ts';

const fix = (t: number) => ({ kind: 'gnss.fix', source: 'gnss', t, fields: { mode: 3, lat: t, lon: 0 } }) as const;

describe('the history of fixes', () => {
  it('is bounded, and reaches back ten minutes at any rate', () => {
    const fixes = new FixHistory();
    for (let t = 0; t <= 3_600_000; t += 50) fixes.add(fix(t));
    expect(fixes.nearest(2_900_000, 60_000)?.t).toBe(undefined);
    expect(fixes.nearest(3_600_000 - 599_000, 400)?.t).toBe(3_001_000);
    expect(fixes.nearest(3_600_010, 1_000)?.t).toBe(3_600_000);
  });

  it('takes the nearest on either side', () => {
    const fixes = new FixHistory();
    for (const t of [1_000, 3_000]) fixes.add(fix(t));
    expect([1_900, 2_100, 500, 4_000, 4_001].map((t) => fixes.nearest(t, 1_000)?.t)).toEqual([
      1_000,
      3_000,
      1_000,
      3_000,
      undefined,
    ]);
  });

  it('is dated anew with the clock that has stamped it, and with that alone', () => {
    const fixes = new FixHistory();
    const shared = { ...fix(1_000) };
    fixes.add(shared);
    Object.assign(shared, { t: 5_000 });
    fixes.dateBack(3_000);
    expect(fixes.nearest(4_000, 0)?.t).toBe(4_000);
  });

  it('goes on where the clock was set back', () => {
    const fixes = new FixHistory();
    for (const t of [9_000_000, 1_000, 2_000]) fixes.add(fix(t));
    expect(fixes.nearest(2_100, 1_000)?.t).toBe(2_000);
  });
});
