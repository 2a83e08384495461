import { LocalPlane, type Position } from './geodesy.ts';

export interface Waypoint extends Position {
  /** Metres above mean sea level. */
  readonly altMSL: number;
}

/** A vehicle's true state at an instant. */
export interface Motion {
  readonly east: number;
  readonly north: number;
  readonly altMSL: number;
  /** m/s */
  readonly speed: number;
  /** Degrees from true north, 0 to 360. */
  readonly heading: number;
  /** m/s, up positive. */
  readonly climb: number;
  /** m/s2, forward positive. */
  readonly acceleration: number;
  /** deg/s, clockwise positive as seen from above. */
  readonly yawRate: number;
}

const STEP_M = 1;
const ACCELERATION = 1.6;
const BRAKING = 2.2;
/** Sideways acceleration that a driver takes in a bend, m/s2. */
const CORNERING = 2.5;
const CRAWL = 0.8;
/** Passes of corner cutting: each halves the sharpness of every bend. */
const SMOOTHING = 4;
const DEG = Math.PI / 180;

interface Point {
  readonly east: number;
  readonly north: number;
  readonly altMSL: number;
}

/**
 * A closed drive along waypoints, as a driver would take it: bends are rounded, the speed falls before a bend and rises
 * after it. Any instant can be asked for; the lap repeats for ever.
 */
export class Route {
  readonly plane: LocalPlane;
  readonly #points: readonly Point[];
  readonly #headings: Float64Array;
  readonly #speeds: Float64Array;
  /** Seconds from the start of the lap to each point, and in the last place to the start of the next lap. */
  readonly #times: Float64Array;

  /** @param waypoints three at least @param cruise m/s on the straight */
  constructor(waypoints: readonly Waypoint[], cruise: number) {
    const [first] = waypoints;
    if (first === undefined || waypoints.length < 3) throw new RangeError('a route needs three waypoints');
    this.plane = new LocalPlane(first);
    const corners = waypoints.map((waypoint) => ({ ...this.plane.toPlane(waypoint), altMSL: waypoint.altMSL }));
    this.#points = resample(smooth(corners));
    this.#headings = headingsOf(this.#points);
    this.#speeds = speedsOf(this.#headings, cruise);
    this.#times = timesOf(this.#points, this.#speeds);
  }

  /** How long a lap takes, in ms. */
  get lapMs(): number {
    return (this.#times[this.#points.length] ?? 0) * 1_000;
  }

  /** @param ms since the start of the drive */
  at(ms: number): Motion {
    const lap = this.lapMs;
    const seconds = (((ms % lap) + lap) % lap) / 1_000;
    const from = this.#indexAt(seconds);
    const to = (from + 1) % this.#points.length;
    const began = this.#times[from] ?? 0;
    const took = (this.#times[from + 1] ?? 0) - began;
    const [a, b] = [this.#point(from), this.#point(to)];
    const [v, w] = [this.#speeds[from] ?? 0, this.#speeds[to] ?? 0];
    const acceleration = (w - v) / took;
    const elapsed = seconds - began;
    const length = Math.hypot(b.east - a.east, b.north - a.north);
    // v t + a t^2 / 2 over the whole way, so that speed and position agree.
    const part = Math.min(1, (v * elapsed + (acceleration * elapsed * elapsed) / 2) / length);
    const [heading, next] = [this.#headings[from] ?? 0, this.#headings[to] ?? 0];
    const turn = turnBetween(heading, next);
    const speed = v + acceleration * elapsed;
    return {
      east: a.east + (b.east - a.east) * part,
      north: a.north + (b.north - a.north) * part,
      altMSL: a.altMSL + (b.altMSL - a.altMSL) * part,
      speed,
      heading: (heading + turn * part + 360) % 360,
      climb: ((b.altMSL - a.altMSL) / length) * speed,
      acceleration,
      yawRate: turn / took,
    };
  }

  #point(index: number): Point {
    const point = this.#points[index];
    if (point === undefined) throw new RangeError('point outside the route');
    return point;
  }

  #indexAt(seconds: number): number {
    let low = 0;
    let high = this.#points.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= seconds) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Chaikin's corner cutting on a closed line. */
function smooth(corners: readonly Point[]): Point[] {
  let line = [...corners];
  for (let pass = 0; pass < SMOOTHING; pass++) {
    line = line.flatMap((a, index) => {
      const b = line[(index + 1) % line.length] ?? a;
      return [blend(a, b, 0.25), blend(a, b, 0.75)];
    });
  }
  return line;
}

/** Points at equal steps of about a metre along a closed line. */
function resample(line: readonly Point[]): Point[] {
  const points: Point[] = [];
  let carried = 0;
  for (const [index, a] of line.entries()) {
    const b = line[(index + 1) % line.length] ?? a;
    const length = Math.hypot(b.east - a.east, b.north - a.north);
    let along = carried;
    for (; along < length; along += STEP_M) points.push(blend(a, b, along / length));
    carried = along - length;
  }
  return points;
}

const blend = (a: Point, b: Point, part: number): Point => ({
  east: a.east + (b.east - a.east) * part,
  north: a.north + (b.north - a.north) * part,
  altMSL: a.altMSL + (b.altMSL - a.altMSL) * part,
});

function headingsOf(points: readonly Point[]): Float64Array {
  return Float64Array.from(points, (here, index) => {
    const before = points[(index + points.length - 1) % points.length] ?? here;
    const after = points[(index + 1) % points.length] ?? here;
    const degrees = Math.atan2(after.east - before.east, after.north - before.north) / DEG;
    return (degrees + 360) % 360;
  });
}

/** The speed at each point: what the bend allows, reached and left with what the engine and the brakes can do. */
function speedsOf(headings: Float64Array, cruise: number): Float64Array {
  const count = headings.length;
  const speeds = Float64Array.from(headings, (heading, index) => {
    const turn = Math.abs(turnBetween(heading, headings[(index + 1) % count] ?? heading)) * DEG;
    return turn === 0 ? cruise : Math.max(CRAWL, Math.min(cruise, Math.sqrt((CORNERING * STEP_M) / turn)));
  });
  // Twice around, since the lap closes: its end limits its beginning.
  for (let step = 0; step < 2 * count; step++) {
    const [here, next] = [step % count, (step + 1) % count];
    limit(speeds, next, Math.sqrt((speeds[here] ?? 0) ** 2 + 2 * ACCELERATION * STEP_M));
    const [last, before] = [count - 1 - here, (2 * count - 2 - here) % count];
    limit(speeds, before, Math.sqrt((speeds[last] ?? 0) ** 2 + 2 * BRAKING * STEP_M));
  }
  return speeds;
}

function limit(speeds: Float64Array, index: number, most: number): void {
  speeds[index] = Math.min(speeds[index] ?? 0, most);
}

function timesOf(points: readonly Point[], speeds: Float64Array): Float64Array {
  const times = new Float64Array(points.length + 1);
  for (const [index, a] of points.entries()) {
    const next = (index + 1) % points.length;
    const b = points[next] ?? a;
    const mean = ((speeds[index] ?? 0) + (speeds[next] ?? 0)) / 2;
    times[index + 1] = (times[index] ?? 0) + Math.hypot(b.east - a.east, b.north - a.north) / mean;
  }
  return times;
}

/** The turn from one heading to another, degrees, clockwise positive, the short way round. */
const turnBetween = (from: number, to: number): number => ((((to - from + 180) % 360) + 360) % 360) - 180;
