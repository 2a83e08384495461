/** WGS 84 (NIMA TR8350.2, table 3.1 and 3.3). */
const SEMI_MAJOR_M = 6_378_137;
const FIRST_ECCENTRICITY_SQUARED = 6.69437999014e-3;
const DEG = Math.PI / 180;

export interface Position {
  /** Degrees, north positive. */
  readonly lat: number;
  /** Degrees, east positive. */
  readonly lon: number;
}

/** East and north in metres on the plane that touches the ellipsoid at an origin: good to a centimetre within a town. */
export class LocalPlane {
  readonly #origin: Position;
  readonly #metresPerDegreeNorth: number;
  readonly #metresPerDegreeEast: number;

  constructor(origin: Position) {
    const sin = Math.sin(origin.lat * DEG);
    const w = Math.sqrt(1 - FIRST_ECCENTRICITY_SQUARED * sin * sin);
    const meridian = (SEMI_MAJOR_M * (1 - FIRST_ECCENTRICITY_SQUARED)) / w ** 3;
    const primeVertical = SEMI_MAJOR_M / w;
    this.#origin = origin;
    this.#metresPerDegreeNorth = meridian * DEG;
    this.#metresPerDegreeEast = primeVertical * Math.cos(origin.lat * DEG) * DEG;
  }

  toPlane({ lat, lon }: Position): { east: number; north: number } {
    return {
      east: (lon - this.#origin.lon) * this.#metresPerDegreeEast,
      north: (lat - this.#origin.lat) * this.#metresPerDegreeNorth,
    };
  }

  toPosition(east: number, north: number): Position {
    return {
      lat: this.#origin.lat + north / this.#metresPerDegreeNorth,
      lon: this.#origin.lon + east / this.#metresPerDegreeEast,
    };
  }
}
