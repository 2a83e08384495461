import type { Position } from './geodesy.ts';
import { Wander } from './random.ts';
import { Route, type Waypoint } from './route.ts';

export interface TrackOptions {
  /** A closed drive, three waypoints at least; left out, a drive through a town. */
  readonly waypoints?: readonly Waypoint[];
  /** UTC of the drive's beginning, ms since the Unix epoch. */
  readonly start: number;
  readonly seed: number;
  /** m/s on the straight. */
  readonly cruise?: number;
  /** How far the reported position wanders from the true one, m. */
  readonly noise?: number;
}

/** What a receiver on the vehicle measures at an instant. */
export interface TrackPoint extends Position {
  /** UTC, ms since the Unix epoch. */
  readonly time: number;
  readonly altMSL: number;
  readonly altHAE: number;
  /** m/s over ground. */
  readonly speed: number;
  /** Degrees from true north, 0 to 360. */
  readonly track: number;
  readonly velNorth: number;
  readonly velEast: number;
  /** m/s, up positive. */
  readonly climb: number;
  /** Estimated horizontal and vertical errors, m. */
  readonly eph: number;
  readonly epv: number;
  /** m/s2 in the vehicle: forward, left, up. */
  readonly acceleration: readonly [number, number, number];
  /** deg/s about the same axes. */
  readonly rotation: readonly [number, number, number];
}

const GRAVITY = 9.80665;
const GEOID_SEPARATION_M = 47.3;
const DEG = Math.PI / 180;

/** About five kilometres around the old town of Zurich. */
export const TOWN_DRIVE: readonly Waypoint[] = [
  { lat: 47.37817, lon: 8.54018, altMSL: 408.2 },
  { lat: 47.37603, lon: 8.54795, altMSL: 431.5 },
  { lat: 47.37052, lon: 8.54876, altMSL: 424.9 },
  { lat: 47.36538, lon: 8.55204, altMSL: 417.4 },
  { lat: 47.36561, lon: 8.54513, altMSL: 407.1 },
  { lat: 47.36698, lon: 8.53912, altMSL: 406.8 },
  { lat: 47.36655, lon: 8.53266, altMSL: 410.3 },
  { lat: 47.37209, lon: 8.53218, altMSL: 409.6 },
  { lat: 47.37436, lon: 8.53784, altMSL: 408.8 },
];

/** A drive as a receiver reports it: a pure function of the instant and of the seed. */
export class Track {
  readonly start: number;
  readonly #route: Route;
  readonly #noise: number;
  readonly #wander: Readonly<Record<'east' | 'north' | 'up' | 'speed' | 'jolt', Wander>>;

  constructor({ waypoints = TOWN_DRIVE, start, seed, cruise = 13.9, noise = 0.8 }: TrackOptions) {
    this.start = start;
    this.#route = new Route(waypoints, cruise);
    this.#noise = noise;
    this.#wander = {
      east: new Wander(seed * 8 + 1, 30_000),
      north: new Wander(seed * 8 + 2, 30_000),
      up: new Wander(seed * 8 + 3, 45_000),
      speed: new Wander(seed * 8 + 4, 2_000),
      jolt: new Wander(seed * 8 + 5, 90),
    };
  }

  /** @param ms since the start of the drive */
  at(ms: number): TrackPoint {
    const motion = this.#route.at(ms);
    const { east, north, up, speed, jolt } = this.#wander;
    const position = this.#route.plane.toPosition(
      motion.east + east.at(ms) * this.#noise,
      motion.north + north.at(ms) * this.#noise,
    );
    const altMSL = motion.altMSL + up.at(ms) * this.#noise * 1.6;
    const measured = Math.max(0, motion.speed + speed.at(ms) * this.#noise * 0.05);
    const bump = jolt.at(ms) * this.#noise * 0.2;
    return {
      ...position,
      time: this.start + ms,
      altMSL,
      altHAE: altMSL + GEOID_SEPARATION_M,
      speed: measured,
      track: motion.heading,
      velNorth: measured * Math.cos(motion.heading * DEG),
      velEast: measured * Math.sin(motion.heading * DEG),
      climb: motion.climb,
      eph: this.#noise * (1.2 + 0.4 * east.at(ms / 4)),
      epv: this.#noise * (1.9 + 0.6 * up.at(ms / 4)),
      acceleration: [motion.acceleration + bump, -motion.speed * motion.yawRate * DEG, GRAVITY + bump * 2],
      rotation: [bump, bump / 2, -motion.yawRate],
    };
  }
}
