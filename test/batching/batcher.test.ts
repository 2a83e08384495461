import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batcher } from '../../daemon/batching/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';

const reading = (t: number): Reading => ({ kind: 'host.health', source: 'host', t, fields: { uptime: t } });

function batcherAt(clock: { now: number }, limits = { maxAge: 60_000, maxReadings: 10, maxBytes: 1_000 }) {
  return new Batcher(limits, { monotonicNow: () => clock.now, sizeOf: () => 30 });
}

describe('Batcher', () => {
  it('closes by count', () => {
    const batcher = batcherAt({ now: 0 });
    const closed = Array.from({ length: 25 }, (_, t) => batcher.add(reading(t))).flat();
    expect(closed.map((batch) => [batch.closedBy, batch.readings.length])).toEqual([
      ['count', 10],
      ['count', 10],
    ]);
    expect(batcher.size).toBe(5);
  });

  it('closes before the reading that would exceed the bytes', () => {
    const batcher = batcherAt({ now: 0 }, { maxAge: 60_000, maxReadings: 1_000, maxBytes: 100 });
    const closed = Array.from({ length: 4 }, (_, t) => batcher.add(reading(t))).flat();
    expect(closed.map((batch) => [batch.closedBy, batch.readings.length])).toEqual([['bytes', 3]]);
    expect(batcher.size).toBe(1);
  });

  it('closes a batch with a single reading that is larger than the limit', () => {
    const batcher = batcherAt({ now: 0 }, { maxAge: 60_000, maxReadings: 1_000, maxBytes: 20 });
    expect(batcher.add(reading(1)).map((batch) => batch.readings.length)).toEqual([1]);
  });

  it('closes by the age of its first reading, on the monotonic clock', () => {
    const clock = { now: 5_000 };
    const batcher = batcherAt(clock);
    expect(batcher.dueIn).toBeUndefined();
    batcher.add(reading(1));
    clock.now += 59_999;
    batcher.add(reading(2));
    expect(batcher.due()).toBeUndefined();
    expect(batcher.dueIn).toBe(1);
    clock.now += 1;
    expect(batcher.due()?.readings).toHaveLength(2);
    expect(batcher.due()).toBeUndefined();
  });

  it('flushes what is open, and nothing when nothing is', () => {
    const batcher = batcherAt({ now: 0 });
    expect(batcher.flush()).toBeUndefined();
    batcher.add(reading(1));
    expect(batcher.flush()).toMatchObject({ closedBy: 'flush', readings: [reading(1)] });
    expect(batcher.size).toBe(0);
  });

  it('loses, repeats and reorders nothing, for any limits and any ticks of the clock', () => {
    const steps = fc.array(fc.nat(40), { maxLength: 200 });
    const limits = fc.record({
      maxAge: fc.integer({ min: 1, max: 100 }),
      maxReadings: fc.integer({ min: 1, max: 20 }),
      maxBytes: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(limits, steps, (limit, ticks) => {
        const clock = { now: 0 };
        const batcher = batcherAt(clock, limit);
        const closed = ticks.flatMap((tick, t) => {
          clock.now += tick;
          const due = batcher.due();
          return [...(due ? [due] : []), ...batcher.add(reading(t))];
        });
        const last = batcher.flush();
        const all = [...closed, ...(last ? [last] : [])];
        expect(all.flatMap((batch) => batch.readings.map((one) => one.t))).toEqual(ticks.map((_, t) => t));
        for (const batch of all) expect(batch.readings.length).toBeLessThanOrEqual(limit.maxReadings);
      }),
    );
  });
});
