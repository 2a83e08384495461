import { DEGREE } from './polygon.ts';

/** Mean radius of the Earth, (2a + b) / 3 of WGS 84, in metres. */
const EARTH_RADIUS = 6_371_008.8;
/** A sphere is off by up to 0.6 % of a distance on the ellipsoid; a zone is rather a little larger than too small. */
const ALLOWANCE = 1.006;

/** A circle on the ground. */
export class Circle {
  readonly #lat: number;
  readonly #lon: number;
  readonly #radius: number;

  /** @param lat, lon in degrees @param radius in metres */
  constructor(lat: number, lon: number, radius: number) {
    this.#lat = radians(lat);
    this.#lon = radians(lon);
    this.#radius = radius * ALLOWANCE;
  }

  /** Whether a position, in 1e-7 degrees, lies inside; by the haversine formula. */
  contains(lat: number, lon: number): boolean {
    const phi = radians(lat / DEGREE);
    const h =
      haversine(phi - this.#lat) + Math.cos(phi) * Math.cos(this.#lat) * haversine(radians(lon / DEGREE) - this.#lon);
    return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(1, h))) <= this.#radius;
  }
}

const haversine = (angle: number): number => Math.sin(angle / 2) ** 2;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;
