import { describe, expect, it } from 'vitest';
import { Clock, type ClockHost } from '../../daemon/clock/index.ts';

function hostWith(
  facts: { ntp?: boolean; rtc?: boolean },
  time = { wall: 1_790_000_000_000, sinceBoot: 5_000 },
): ClockHost {
  return {
    wallNow: () => time.wall,
    monotonicNow: () => time.sinceBoot,
    bootId: () => new Uint8Array(16).fill(7),
    ntpSynchronised: () => facts.ntp ?? false,
    hasRtc: () => facts.rtc ?? false,
  };
}

describe('Clock', () => {
  it.each([
    ['nothing', {}, 'none', 4_294_967_295],
    ['a battery-backed clock', { rtc: true }, 'rtc', 60_000],
    ['an NTP client', { rtc: true, ntp: true }, 'ntp', 1_000],
  ])('with %s states its source and uncertainty', (_, facts, source, uncertaintyMs) => {
    expect(new Clock(hostWith(facts)).state()).toMatchObject({ source, uncertaintyMs, sinceBootMs: 5_000 });
  });

  it('takes the distance to GNSS time as its uncertainty', () => {
    const clock = new Clock(hostWith({ rtc: true }));
    clock.observeGnss(1_790_000_000_000, 1_790_000_000_120);
    expect(clock.state()).toMatchObject({ source: 'gnss', uncertaintyMs: 120 });
  });

  it('does not call itself set by GNSS where it is far from it, and says how far', () => {
    const clock = new Clock(hostWith({ rtc: true }));
    clock.observeGnss(1_790_000_000_000, 1_790_000_900_000);
    expect(clock.state()).toMatchObject({ source: 'rtc', uncertaintyMs: 900_000 });
  });

  it('forgets a GNSS time after a minute', () => {
    const time = { wall: 1_790_000_000_000, sinceBoot: 5_000 };
    const clock = new Clock(hostWith({}, time));
    clock.observeGnss(time.wall, time.wall);
    time.sinceBoot += 60_001;
    expect(clock.state().source).toBe('none');
  });

  it("reads this host's boot id, and time that goes forward", () => {
    const clock = new Clock();
    const before = clock.monotonicNow();
    expect(clock.state().bootId).toHaveLength(16);
    expect(clock.monotonicNow()).toBeGreaterThanOrEqual(before);
  });
});
