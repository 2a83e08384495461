/** Units of a coordinate in a degree: positions are integers of 1e-7 degrees. */
export const DEGREE = 10_000_000;

/** A vertex, in 1e-7 degrees. */
export interface Vertex {
  readonly lat: number;
  readonly lon: number;
}

/** A closed line: the last vertex is the first. */
export type Ring = readonly Vertex[];

/**
 * An area within a ring, less its holes. Edges are straight in longitude and latitude, as RFC 7946, 3.1.1 has them; what lies on
 * an edge, of a hole too, is inside.
 */
export class Polygon {
  readonly #outer: Ring;
  readonly #holes: readonly Ring[];
  readonly #south: number;
  readonly #north: number;
  readonly vertices: number;

  constructor(rings: readonly Ring[]) {
    const [outer = [], ...holes] = rings;
    this.#outer = outer;
    this.#holes = holes;
    this.#south = outer.reduce((least, { lat }) => Math.min(least, lat), Number.POSITIVE_INFINITY);
    this.#north = outer.reduce((most, { lat }) => Math.max(most, lat), Number.NEGATIVE_INFINITY);
    this.vertices = rings.reduce((sum, ring) => sum + ring.length, 0);
  }

  /** Whether a position, in 1e-7 degrees, lies inside. */
  contains(lat: number, lon: number): boolean {
    if (lat < this.#south || lat > this.#north) return false;
    if (locate(this.#outer, lat, lon) === 'outside') return false;
    return this.#holes.every((hole) => locate(hole, lat, lon) !== 'inside');
  }
}

/** Even-odd rule: an edge counts where it crosses the parallel east of the position; its northern end belongs to the next edge. */
function locate(ring: Ring, lat: number, lon: number): 'inside' | 'outside' | 'edge' {
  let isInside = false;
  let from = ring.at(-1);
  for (const to of ring) {
    if (from === undefined) return 'outside';
    const turn = (to.lon - from.lon) * (lat - from.lat) - (to.lat - from.lat) * (lon - from.lon);
    if (turn === 0 && isBetween(lat, from.lat, to.lat) && isBetween(lon, from.lon, to.lon)) return 'edge';
    if (from.lat > lat !== to.lat > lat && turn > 0 === to.lat > from.lat) isInside = !isInside;
    from = to;
  }
  return isInside ? 'inside' : 'outside';
}

const isBetween = (value: number, a: number, b: number): boolean =>
  a < b ? value >= a && value <= b : value >= b && value <= a;
