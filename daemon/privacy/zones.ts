import { readFile } from 'node:fs/promises';
import type { ZoneConfig } from '../config/index.ts';
import { FieldsealError, locate, reasonOf } from '../errors.ts';
import { Circle } from './circle.ts';
import { parseGeoJson } from './geojson.ts';
import { DEGREE } from './polygon.ts';

/** Something that a position, in 1e-7 degrees, lies in or not. */
export interface Area {
  contains(lat: number, lon: number): boolean;
}

/** Where nothing is recorded. */
export class PrivacyZones {
  readonly #areas: readonly Area[];

  constructor(areas: readonly Area[]) {
    this.#areas = areas;
  }

  get isEmpty(): boolean {
    return this.#areas.length === 0;
  }

  /** Whether a position, in 1e-7 degrees, lies in any zone. The antimeridian is one line, whichever way it is written. */
  contains(lat: number, lon: number): boolean {
    if (this.#areas.some((area) => area.contains(lat, lon))) return true;
    return Math.abs(lon) === 180 * DEGREE && this.#areas.some((area) => area.contains(lat, -lon));
  }
}

/**
 * Loads the configured zones.
 *
 * @throws FieldsealError FILE_NOT_READABLE or ZONE_INVALID, with the file as its place
 */
export async function loadZones(zones: readonly ZoneConfig[]): Promise<PrivacyZones> {
  const areas = await Promise.all(zones.map(areasOf));
  return new PrivacyZones(areas.flat());
}

async function areasOf({ circle, geojson }: ZoneConfig): Promise<readonly Area[]> {
  if (circle !== undefined) return [new Circle(circle.lat, circle.lon, circle.radius)];
  if (geojson === undefined) throw new Error('a validated zone has neither circle nor geojson');
  const text = await readFile(geojson, 'utf8').catch((cause: unknown) => {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: geojson, cause });
  });
  return locate(geojson, () => parseGeoJson(text));
}
