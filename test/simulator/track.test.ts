import { describe, expect, it } from 'vitest';
import { LocalPlane } from '../../daemon/simulator/geodesy.ts';
import { Route } from '../../daemon/simulator/route.ts';
import { TOWN_DRIVE, Track } from '../../daemon/simulator/track.ts';

const START = Date.UTC(2026, 4, 1, 12);
const SECOND = 1_000;

describe('a simulated drive', () => {
  it('is the same for the same seed, and another for another', () => {
    const points = (seed: number) => {
      const track = new Track({ start: START, seed });
      return [0, 12_345, 600_000].map((ms) => track.at(ms));
    };
    expect(points(7)).toEqual(points(7));
    expect(points(7)).not.toEqual(points(8));
  });

  it('moves as fast as it says, at any instant of a lap', () => {
    const route = new Route(TOWN_DRIVE, 13.9);
    for (let ms = 0; ms < route.lapMs; ms += 250) {
      const [a, b] = [route.at(ms), route.at(ms + 50)];
      const measured = Math.hypot(b.east - a.east, b.north - a.north) / 0.05;
      expect(Math.abs(measured - a.speed), `speed at ${ms} ms`).toBeLessThan(0.3);
      expect(a.speed).toBeGreaterThan(0);
      expect(a.speed).toBeLessThanOrEqual(13.9);
      expect(Math.abs(a.acceleration)).toBeLessThan(2.6);
      expect(Math.abs(a.speed * a.yawRate * (Math.PI / 180))).toBeLessThan(4);
    }
  });

  it('slows down in bends and comes back to where it began', () => {
    const route = new Route(TOWN_DRIVE, 13.9);
    const speeds = Array.from({ length: Math.floor(route.lapMs / SECOND) }, (_, s) => route.at(s * SECOND).speed);
    expect(Math.max(...speeds)).toBeGreaterThan(13.5);
    expect(Math.min(...speeds)).toBeLessThan(9);
    const [began, after] = [route.at(1_000), route.at(1_000 + route.lapMs)];
    expect(after.east).toBeCloseTo(began.east, 6);
    expect(after.north).toBeCloseTo(began.north, 6);
  });

  it('wanders around the true position by no more than its noise, and slowly', () => {
    const [noisy, exact] = [0.8, 0].map((noise) => new Track({ start: START, seed: 3, noise }));
    const plane = new LocalPlane(TOWN_DRIVE[0] ?? { lat: 0, lon: 0 });
    let before: { east: number; north: number } | undefined;
    for (let ms = 0; ms < 300_000; ms += 100) {
      const [a, b] = [noisy, exact].map((track) => plane.toPlane(track?.at(ms) ?? { lat: 0, lon: 0 }));
      const error = { east: (a?.east ?? 0) - (b?.east ?? 0), north: (a?.north ?? 0) - (b?.north ?? 0) };
      expect(Math.hypot(error.east, error.north)).toBeLessThan(0.8 * Math.SQRT2 + 1e-6);
      if (before) expect(Math.hypot(error.east - before.east, error.north - before.north)).toBeLessThan(0.02);
      before = error;
    }
  });
});
