import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterClock } from '../../../daemon/protocols/lora/semtech-udp/counter-clock.ts';

const TURN = 2 ** 32;

describe("the concentrator's counter", () => {
  it('goes on past its roll-over', () => {
    const clock = new CounterClock();
    const before = clock.unwrap(TURN - 1_000_000, 0);
    expect(clock.unwrap(500_000, 1_500) - before).toBe(1_500_000);
    expect(clock.unwrap(2_500_000, 3_500) - before).toBe(3_500_000);
  });

  it('counts the turns in which nothing was heard', () => {
    const clock = new CounterClock();
    const before = clock.unwrap(10, 0);
    const microseconds = 3 * TURN + 777;
    expect(clock.unwrap((10 + microseconds) % TURN, microseconds / 1000) - before).toBe(microseconds);
  });

  it('takes packets of one datagram out of order', () => {
    const clock = new CounterClock();
    const late = clock.unwrap(200_000, 1_000);
    expect(clock.unwrap(TURN - 300_000, 1_000) - late).toBe(-500_000);
    expect(clock.unwrap(250_000, 1_050) - late).toBe(50_000);
  });

  it("is carried on by the gateway's clock over a restart of the concentrator", () => {
    const clock = new CounterClock();
    const before = clock.unwrap(3_000_000_000, 0);
    expect(clock.unwrap(2_000_000, 10_000) - before).toBe(10_000_000);
    expect(clock.unwrap(3_000_000, 11_000) - before).toBe(11_000_000);
    expect(clock.counterAt(12_000)).toBe(4_000_000);
  });

  it('is foretold, over the roll-over as well', () => {
    const clock = new CounterClock();
    expect(clock.counterAt(0)).toBeUndefined();
    clock.unwrap(TURN - 1_000, 0);
    expect(clock.counterAt(5)).toBe(4_000);
  });

  it('is true for any gaps and any jitter of arrival below the half of a minute', () => {
    const gap = fc.tuple(fc.integer({ min: 1, max: 20_000_000_000 }), fc.integer({ min: 0, max: 25_000 }));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: TURN - 1 }), fc.array(gap, { maxLength: 30 }), (start, gaps) => {
        const clock = new CounterClock();
        const first = clock.unwrap(start, 0);
        let elapsed = 0;
        for (const [microseconds, jitterMs] of gaps) {
          elapsed += microseconds;
          const unwrapped = clock.unwrap((start + elapsed) % TURN, elapsed / 1000 + jitterMs);
          expect(unwrapped - first).toBe(elapsed);
        }
      }),
    );
  });
});
