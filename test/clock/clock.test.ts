import { describe, expect, it } from 'vitest';
import { Clock, type ClockOptions, type ClockStep, observeStep } from '../../daemon/clock/index.ts';
import { checkRanges } from '../../daemon/readings/index.ts';
import { RELEASED, World } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UNKNOWN = 4_294_967_295;

function clockIn(world: World, options: Partial<ClockOptions> = {}) {
  const clock = new Clock({ wait: 300_000, notBefore: RELEASED, ...options }, world.host);
  const steps: ClockStep[] = [];
  clock.onStep((step) => steps.push(step));
  const error = () => clock.now() - world.truth;
  return { clock, steps, error };
}

describe('a clock', () => {
  it.each<[string, (world: World) => void, string, number]>([
    ['nobody', () => {}, 'none', UNKNOWN],
    ['a battery-backed clock', (world) => void world.rtc(0), 'rtc', 60_000],
    ['a time server', (world) => world.synchronise(), 'ntp', 22],
    ['a receiver', (world) => world.receiver(), 'gnss', 1_000],
    ['a battery-backed clock and a receiver', (world) => void world.rtc(0).receiver(), 'gnss', 1_000],
    ['a time server and a receiver', (world) => world.receiver() && world.synchronise(), 'ntp', 22],
  ])('that %s vouches for states its source and its uncertainty', async (_, prepare, source, uncertainty) => {
    const world = new World();
    prepare(world);
    const { clock } = clockIn(world);
    await world.pass(clock, 20_000);
    const state = clock.state();
    expect(state.source).toBe(source);
    expect(state.uncertaintyMs).toBeGreaterThanOrEqual(uncertainty);
    expect(state.uncertaintyMs).toBeLessThanOrEqual(Math.min(UNKNOWN, uncertainty + 150));
    expect(state.sinceBootMs).toBe(Math.floor(world.monotonic));
    expect(clock.known).toBe(source !== 'none');
    expect(clock.status()).toMatchObject({ source, known: source !== 'none' });
  });

  it.each<[string, (world: World) => void]>([
    ['a time server', (world) => world.synchronise()],
    ['a receiver', (world) => world.receiver()],
  ])('that starts in 1970 steps when %s tells the time, and dates back', async (_, prepare) => {
    const world = new World(20_000);
    const { clock, steps, error } = clockIn(world);
    const before = clock.stamp();
    await world.pass(clock, 10_000);
    expect(clock).toMatchObject({ known: false, awaited: true });
    expect(clock.now()).toBe(30_000);
    const stamped = clock.stamp();
    prepare(world);
    await world.pass(clock, 20_000);
    expect(clock).toMatchObject({ known: true, awaited: false });
    expect(Math.abs(error())).toBeLessThanOrEqual(clock.state().uncertaintyMs);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ datesBack: true, previous: 'none' });
    expect(clock.dated(stamped) - clock.dated(before)).toBe(10_000);
    expect(clock.dated(before)).toBe(20_000 + (steps[0]?.deltaMs ?? 0));
    expect(steps[0]?.since).toBe(clock.dated(before));
  });

  it('that receivers set first and a time server later tells both steps', async () => {
    const world = new World(0);
    world.receiver(600);
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 20_000);
    expect(clock.state().source).toBe('gnss');
    expect(error()).toBeLessThan(-500);
    world.synchronise();
    await world.pass(clock, 70_000);
    expect(clock.state().source).toBe('ntp');
    expect(steps.map(({ previous, source }) => [previous, source])).toEqual([
      ['none', 'gnss'],
      ['gnss', 'ntp'],
    ]);
    expect(Math.abs(error())).toBeLessThan(5);
  });

  it('slews what is little, so that time never goes back, and counts the rest as uncertainty', async () => {
    const world = new World();
    world.synchronise(15);
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 5_000);
    world.synchronise(-400);
    await world.pass(clock, 2_000);
    world.synchronise(-400);
    let last = clock.now();
    await world.pass(clock, 130_000, () => {
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    });
    expect(steps).toEqual([]);
    expect(error()).toBeCloseTo(-400, -1);
  });

  it.each([+40 * DAY, -40 * DAY, +3_000, -3_000])(
    'does not follow a wall clock that somebody sets by %d ms',
    async (jump) => {
      const world = new World();
      world.synchronise();
      const { clock, steps, error } = clockIn(world);
      await world.pass(clock, 5_000);
      world.wall += jump;
      // Its client says that it is synchronised, but has not measured since.
      await world.pass(clock, 200_000);
      expect(Math.abs(error())).toBeLessThanOrEqual(clock.state().uncertaintyMs);
      expect(clock.status().servers[0]?.state).toMatch('not measured');
      expect(Math.abs(clock.status().offsetMs + jump)).toBeLessThan(5);
      world.synchronise();
      await world.pass(clock, 61_000);
      world.synchronise();
      await world.pass(clock, 61_000);
      expect(steps).toEqual([]);
      expect(clock.status().servers[0]?.state).toBe('synchronised');
    },
  );

  it('keeps the time when the time server goes away, less certain every day', async () => {
    const world = new World();
    world.drift = 80e-6;
    world.synchronise();
    const { clock, error } = clockIn(world, { ntp: 'auto' });
    await world.pass(clock, 5_000);
    world.ntp = undefined;
    await world.pass(clock, HOUR);
    const { source, uncertaintyMs } = clock.state();
    expect(source).toBe('ntp');
    expect(uncertaintyMs).toBeGreaterThan(360);
    expect(Math.abs(error())).toBeGreaterThan(200);
    expect(Math.abs(error())).toBeLessThanOrEqual(uncertaintyMs);
  });

  it('lets receivers take over when nothing better is left', async () => {
    const world = new World();
    world.synchronise();
    const { clock, steps } = clockIn(world);
    await world.pass(clock, 5_000);
    world.ntp = undefined;
    world.receiver();
    world.monotonic += 6 * HOUR;
    world.wall += 6 * HOUR;
    world.truth += 6 * HOUR;
    await world.pass(clock, 20_000);
    expect(clock.state()).toMatchObject({ source: 'gnss' });
    expect(clock.state().uncertaintyMs).toBeLessThan(1_200);
    expect(steps).toEqual([]);
  });

  it.each<[string, number]>([
    ['a roll-over of weeks back', -1_024 * 7 * DAY],
    ['a roll-over of weeks ahead', 1_024 * 7 * DAY],
    ['a time before this program was made', -101 * DAY],
  ])('is not set by %s', async (_, lie) => {
    const world = new World(0);
    world.receiver(100, lie);
    const { clock } = clockIn(world);
    await world.pass(clock, 20 * 60_000);
    expect(clock.known).toBe(false);
  });

  it.each<[string, (world: World) => void]>([
    ['a time server', (world) => world.synchronise()],
    ['two others', (world) => world.receiver() && world.receiver(300)],
  ])('is not set by a replayed receiver that contradicts %s', async (_, prepare) => {
    const world = new World();
    prepare(world);
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 20_000);
    world.receiver(100, -3 * DAY);
    await world.pass(clock, 20 * 60_000);
    expect(steps).toEqual([]);
    expect(Math.abs(error())).toBeLessThanOrEqual(clock.state().uncertaintyMs);
    expect(clock.state().uncertaintyMs).toBeLessThan(2_000);
  });

  it('does not choose between two receivers that contradict each other', async () => {
    const world = new World(0);
    world.receiver();
    world.receiver(100, DAY);
    const { clock } = clockIn(world);
    await world.pass(clock, 20_000);
    expect(clock.known).toBe(false);
    world.receiver(400);
    await world.pass(clock, 20_000);
    expect(clock.state().source).toBe('gnss');
  });

  it('says of a battery-backed clock how far receivers lie from it, and believes them after ten minutes', async () => {
    const world = new World();
    world.rtcError = -HOUR;
    world.wall -= HOUR;
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 5_000);
    world.receiver();
    await world.pass(clock, 20_000);
    expect(clock.state().source).toBe('rtc');
    expect(clock.state().uncertaintyMs).toBeGreaterThanOrEqual(Math.abs(error()));
    await world.pass(clock, 11 * 60_000);
    expect(clock.state().source).toBe('gnss');
    expect(steps).toMatchObject([{ previous: 'rtc', source: 'gnss', datesBack: true }]);
    expect(Math.abs(error())).toBeLessThan(1_000);
  });

  it('does not count a battery-backed clock that the wall clock does not show', async () => {
    const world = new World(RELEASED + DAY);
    world.rtcError = 0;
    const { clock } = clockIn(world);
    await world.pass(clock, 10_000);
    expect(clock.known).toBe(false);
  });

  it('follows a wall clock that somebody sets while nobody vouches for any time, without vouching for it', async () => {
    const world = new World(0);
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 5_000);
    world.wall = world.truth;
    await world.pass(clock, 5_000);
    expect(Math.abs(error())).toBeLessThan(5);
    expect(clock.state()).toMatchObject({ source: 'none', uncertaintyMs: UNKNOWN });
    expect(steps).toMatchObject([{ previous: 'none', source: 'none', datesBack: true }]);
    world.wall = 0;
    await world.pass(clock, 5_000);
    expect(Math.abs(error())).toBeLessThan(5);
    expect(steps).toHaveLength(1);
  });

  it('goes on after the host has slept, without dating back what was before', async () => {
    const world = new World();
    world.synchronise();
    const { clock, steps, error } = clockIn(world);
    await world.pass(clock, 5_000);
    const [stamped, before] = [clock.stamp(), clock.now()];
    world.suspend(HOUR);
    await world.pass(clock, 5_000);
    expect(clock.dated(stamped)).toBe(before);
    expect(Math.abs(error())).toBeLessThanOrEqual(clock.state().uncertaintyMs);
    expect(steps).toMatchObject([{ datesBack: false, deltaMs: HOUR, source: 'ntp' }]);
  });

  it('knows the time of what the wall clock has stamped, however that was set since', async () => {
    const world = new World(0);
    const { clock } = clockIn(world);
    await world.pass(clock, 30_000);
    const early = { wall: world.wall, stamp: clock.stamp() };
    await world.pass(clock, 30_000);
    world.synchronise();
    await world.pass(clock, 30_000);
    const late = { wall: world.wall, stamp: clock.stamp() };
    world.setWall(-30 * DAY);
    await world.pass(clock, 30_000);
    const last = { wall: world.wall, stamp: clock.stamp() };
    await world.pass(clock, 30_000);
    for (const { wall, stamp } of [early, late, last]) {
      expect(Math.abs(clock.ofWall(wall) - clock.dated(stamp))).toBeLessThan(5);
    }
    expect(clock.ofWall(late.wall - 3 * DAY)).toBeLessThan(clock.now() - 2 * DAY);
  });

  it('awaits the time for so long, and no longer', async () => {
    const world = new World(0);
    const { clock } = clockIn(world, { wait: 10_000 });
    expect(clock.awaited).toBe(true);
    await world.pass(clock, 11_000);
    expect(clock).toMatchObject({ known: false, awaited: false });
  });

  it('heeds no receiver where it is told not to', async () => {
    const world = new World(0);
    world.receiver();
    const { clock } = clockIn(world, { gnss: false });
    await world.pass(clock, 30_000);
    expect(clock.known).toBe(false);
  });

  it('runs until it is told to stop, on this host as it is', async () => {
    const clock = new Clock({ notBefore: RELEASED });
    const stop = new AbortController();
    const running = clock.run(stop.signal);
    const before = clock.monotonicNow();
    expect(clock.state().bootId).toHaveLength(16);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
    expect(clock.monotonicNow()).toBeGreaterThanOrEqual(before);
    stop.abort();
    await running;
  });
});

describe('the reading of a step', () => {
  it.each([
    [{ datesBack: true }, { count: 12, from: 1_790_000_000_000 }, { dated: 12, datedFrom: 1_790_000_000_000 }],
    [{ datesBack: true }, undefined, { uncertainty: 1_000 }],
    [{ datesBack: false }, undefined, { slept: 5_000 }],
  ])('tells %o with %o', (how, dated, fields) => {
    const step: ClockStep = {
      ...{ deltaMs: 5_000, previous: 'none', source: 'gnss', since: 1_790_000_000_000, t: 1_790_000_005_000 },
      ...{ uncertaintyMs: 1_000, ...how },
    };
    const reading = observeStep(step, dated);
    expect(reading).toMatchObject({ kind: 'clock.step', t: step.t, fields: { previous: 0, source: 3, step: 5_000 } });
    expect(reading.fields).toMatchObject(fields);
    expect('dated' in reading.fields).toBe(dated !== undefined);
    expect(checkRanges('clock.step', reading.fields)).toEqual([]);
  });
});
