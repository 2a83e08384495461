import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clock, type ClockStep } from '../../daemon/clock/index.ts';
import { RELEASED, World } from './world.ts';

const DAY = 86_400_000;

type Deed = (world: World) => void;

/** What befalls a host whose sources are honest, if not always there. */
const honest = oneof(
  constant<readonly [string, Deed]>(['nothing', () => {}]),
  integer({ min: -20, max: 20 }).map((error): readonly [string, Deed] => [
    `synchronised ${error}`,
    (world) => world.synchronise(error),
  ]),
  constant<readonly [string, Deed]>(['time server away', (world) => (world.ntp = undefined)]),
  integer({ min: 20, max: 900 }).map((latency): readonly [string, Deed] => [
    `receiver ${latency}`,
    (world) => void (world.receivers.length < 4 && world.receiver(latency)),
  ]),
  constant<readonly [string, Deed]>([
    'receivers on or off',
    (world) => {
      for (const one of world.receivers) one.on = !one.on;
    },
  ]),
  oneof(integer({ min: -400 * DAY, max: -25 }), integer({ min: -5_000, max: -25 }), integer({ min: 25, max: DAY })).map(
    (jump): readonly [string, Deed] => [`wall set by ${jump}`, (world) => world.setWall(jump)],
  ),
  integer({ min: 2_000, max: DAY }).map((ms): readonly [string, Deed] => [
    `sleeps ${ms}`,
    (world) => world.suspend(ms),
  ]),
);

const history = record({
  wall: constantFrom<number | undefined>(0, RELEASED, undefined),
  drift: integer({ min: -90, max: 90 }),
  // What befalls it is noticed within a second.
  deeds: array(record({ deed: honest, ms: integer({ min: 1_250, max: 90_000 }) }), { minLength: 1, maxLength: 14 }),
});

/** What the sealer holds: readings not sealed yet, dated anew at each step. */
class Pending {
  times: number[] = [];

  dateBack({ deltaMs, datesBack }: ClockStep): void {
    if (datesBack) this.times = this.times.map((t) => t + deltaMs);
  }
}

describe('whatever befalls the clocks of a host', () => {
  it('time goes back in no way but a step, and what is not sealed stays in the order in which it came', async () => {
    await assert(
      asyncProperty(history, async ({ wall, drift, deeds }) => {
        const world = new World(wall);
        world.drift = drift * 1e-6;
        const clock = new Clock({ notBefore: RELEASED }, world.host);
        const pending = new Pending();
        let [last, lastStamp] = [clock.now(), clock.stamp()];
        clock.onStep((step) => {
          pending.dateBack(step);
          last += step.deltaMs;
        });
        for (const { deed, ms } of deeds) {
          deed[1](world);
          await world.pass(clock, ms, () => {
            const now = clock.now();
            expect(now).toBeGreaterThanOrEqual(last);
            expect(clock.stamp()).toBeGreaterThanOrEqual(lastStamp);
            // One reading stamped now, one whose first byte came a while ago, before a step perhaps.
            pending.times.push(clock.dated(lastStamp), now);
            [last, lastStamp] = [now, clock.stamp()];
          });
          expect(pending.times).toEqual([...pending.times].sort((a, b) => a - b));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the stated uncertainty holds, where the sources are honest', async () => {
    await assert(
      asyncProperty(history, async ({ wall, drift, deeds }) => {
        const world = new World(wall);
        world.drift = drift * 1e-6;
        const clock = new Clock({ notBefore: RELEASED }, world.host);
        for (const { deed, ms } of deeds) {
          deed[1](world);
          await world.pass(clock, ms);
          const { source, uncertaintyMs } = clock.state();
          expect(source === 'none').toBe(!clock.known);
          if (source !== 'none') expect(Math.abs(clock.now() - world.truth)).toBeLessThanOrEqual(uncertaintyMs);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('one receiver that lies among honest sources moves nothing for long', async () => {
    await assert(
      asyncProperty(history, integer({ min: -90 * DAY, max: 900 * DAY }), async ({ drift, deeds }, lie) => {
        const world = new World();
        world.drift = drift * 1e-6;
        world.synchronise();
        const clock = new Clock({ notBefore: RELEASED }, world.host);
        await world.pass(clock, 2_000);
        world.receivers.push({ source: 'liar', latency: 100, lie, on: true });
        for (const { deed, ms } of deeds) {
          deed[1](world);
          await world.pass(clock, ms);
          expect(Math.abs(clock.now() - world.truth)).toBeLessThanOrEqual(clock.state().uncertaintyMs);
        }
      }),
      { numRuns: 100 },
    );
  });
});
