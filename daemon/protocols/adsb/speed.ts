/** Millimetres a second of a knot. */
export const KNOT = 1_852_000 / 3600;
/** Millimetres a second of a foot a minute. */
const FOOT_A_MINUTE = 304.8 / 60;

/** Movement codes of a surface position: the first code of a range, its speed and its step, in knots (Doc 9871, table A-2-6). */
const MOVEMENT: readonly (readonly [code: number, knots: number, step: number])[] = [
  [109, 100, 5],
  [94, 70, 2],
  [39, 15, 1],
  [13, 2, 0.5],
  [9, 1, 0.25],
  [2, 0.125, 0.125],
];

/** Ground speed of a surface position's movement code, in mm/s; undefined where it is not known or reserved. */
export function movementSpeed(code: number): number | undefined {
  if (code === 1) return 0;
  if (code < 1 || code > 124) return undefined;
  for (const [first, knots, step] of MOVEMENT) {
    if (code >= first) return Math.round((knots + (code - first) * step) * KNOT);
  }
  return undefined;
}

/** 1e-5 degrees of an angle in degrees, from 0 to less than 360. */
export function bearing(degrees: number): number {
  const rounded = Math.round((((degrees % 360) + 360) % 360) * 1e5);
  return rounded === 36_000_000 ? 0 : rounded;
}

export interface Velocity {
  groundSpeed?: number;
  track?: number;
  airSpeed?: number;
  heading?: number;
  verticalRate?: number;
}

/**
 * Airborne velocity, subtypes 1 to 4 (Doc 9871, A.2.3.5): speeds in mm/s, angles in 1e-5 degrees from true north. Even
 * subtypes count in steps of four knots. `bits` reads the 56 bits of the message field.
 */
export function airborneVelocity(bits: (first: number, count: number) => number): Velocity | undefined {
  const subtype = bits(5, 3);
  if (subtype < 1 || subtype > 4) return undefined;
  const velocity: Velocity = {};
  const step = subtype % 2 === 0 ? 4 : 1;
  if (subtype <= 2) {
    const east = bits(14, 10);
    const north = bits(25, 10);
    if (east !== 0 && north !== 0) {
      const x = (bits(13, 1) ? -1 : 1) * (east - 1) * step;
      const y = (bits(24, 1) ? -1 : 1) * (north - 1) * step;
      velocity.groundSpeed = Math.round(Math.hypot(x, y) * KNOT);
      if (x !== 0 || y !== 0) velocity.track = bearing((Math.atan2(x, y) * 180) / Math.PI);
    }
  } else {
    if (bits(13, 1)) velocity.heading = bearing((bits(14, 10) * 360) / 1024);
    const speed = bits(25, 10);
    if (speed !== 0) velocity.airSpeed = Math.round((speed - 1) * step * KNOT);
  }
  const rate = bits(37, 9);
  if (rate !== 0) velocity.verticalRate = Math.round((bits(36, 1) ? -1 : 1) * (rate - 1) * 64 * FOOT_A_MINUTE) + 0;
  return velocity;
}
