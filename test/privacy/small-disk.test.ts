import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrivacyGuard, PrivacyZones } from '../../daemon/privacy/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { SmallDisk } from '../support/small-disk.ts';

const isPermitted = SmallDisk.isPermitted;
let disk: SmallDisk;

const T0 = Date.UTC(2026, 10, 20, 17, 0, 30);
const second = (n: number): number => T0 + 1_000 * n;
const west = new PrivacyZones([{ contains: (_lat, lon) => lon < 0 }]);
const fixAt = (n: number, lon: number): Reading => ({
  kind: 'gnss.fix',
  source: 'gnss',
  t: second(n),
  fields: { mode: 3, lat: 0, lon },
});

function makeGuard(log = keptLog()) {
  let now = second(0);
  const guard = new PrivacyGuard({
    zones: west,
    stateFile: disk.path('privacy.json'),
    now: () => now,
    uptime: () => ({ bootId: Uint8Array.of(1), sinceBootMs: now - T0 }),
    onLoss: () => {},
    log,
  });
  const stop = new AbortController();
  return {
    guard,
    at: (n: number) => {
      now = second(n);
    },
    run: () => guard.run(stop.signal),
    stop: () => stop.abort(),
  };
}

describe.skipIf(!isPermitted)(`a real tmpfs${isPermitted ? '' : ' (skipped: mounting is not permitted here)'}`, () => {
  beforeEach(() => {
    disk = SmallDisk.mount();
  });
  afterEach(() => disk.remove());

  it.each(['ENOSPC', 'EROFS'] as const)(
    'with %s: hidden times are known in memory, over a reload too, and written when it is well',
    async (code) => {
      const log = keptLog();
      const first = makeGuard(log);
      await first.guard.open();
      first.guard.admits(fixAt(1, 1_000));
      // Nothing may be open for writing when it is made read-only.
      const mend = disk.fail(code);
      const running = first.run();
      first.guard.admits(fixAt(10, -1_000));
      await expect.poll(() => first.guard.trouble).toContain(code);
      first.guard.admits(fixAt(20, 1_000));
      first.stop();
      await running;
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);

      const next = makeGuard();
      await next.guard.open(first.guard);
      expect(next.guard.hides(second(12), second(13))).toBe(true);
      next.guard.admits(fixAt(30, 1_000));
      const again = next.run();
      await expect.poll(() => next.guard.trouble).toContain(code);
      mend();
      await expect.poll(() => next.guard.trouble, { timeout: 5_000 }).toBeUndefined();
      next.stop();
      await again;
      const later = makeGuard();
      await later.guard.open();
      expect(later.guard.hides(second(12), second(13))).toBe(true);
      expect(later.guard.isHidden).toBe(false);
    },
  );

  it('with EROFS from the first start on: hidden until the first fix, as at every first start', async () => {
    const mend = disk.fail('EROFS');
    for (const _ of [1, 2]) {
      const { guard, run, stop } = makeGuard();
      await guard.open();
      expect(guard.isHidden).toBe(true);
      const running = run();
      await expect.poll(() => guard.trouble).toContain('EROFS');
      guard.admits(fixAt(5, 1_000));
      expect(guard.isHidden).toBe(false);
      stop();
      await running;
    }
    mend();
  });
});
