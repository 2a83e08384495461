import { FieldsealError } from '../errors.ts';
import { LocalPlane, type Position } from './geodesy.ts';
import type { Waypoint } from './route.ts';

const DEFAULT_ALTITUDE_M = 100;
/** How far apart the two lanes of a road are, m. */
const LANE_M = 4;

/**
 * The drive along a GeoJSON line (RFC 7946, 3.1.4): a LineString, or a Feature or FeatureCollection whose first LineString
 * it is. A line that does not end where it begins is driven to and fro.
 *
 * @throws FieldsealError SCENARIO_INVALID
 */
export function driveAlong(geojson: unknown): Waypoint[] {
  const coordinates = lineOf(geojson);
  if (coordinates === undefined || coordinates.length < 2) {
    throw new FieldsealError('SCENARIO_INVALID', { detail: 'no GeoJSON LineString of two positions at least' });
  }
  const waypoints = coordinates.map(waypointOf).filter((point, index, all) => !isSame(point, all[index - 1]));
  const [first] = waypoints;
  const last = waypoints.at(-1);
  if (first === undefined || last === undefined || waypoints.length < 2) {
    throw new FieldsealError('SCENARIO_INVALID', { detail: 'the line goes nowhere' });
  }
  return isSame(first, last) && waypoints.length > 3 ? waypoints.slice(0, -1) : toAndFro(waypoints);
}

function lineOf(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if (value.type === 'LineString' && 'coordinates' in value && Array.isArray(value.coordinates)) {
    return value.coordinates;
  }
  if (value.type === 'Feature' && 'geometry' in value) return lineOf(value.geometry);
  if (value.type !== 'FeatureCollection' || !('features' in value) || !Array.isArray(value.features)) return undefined;
  for (const feature of value.features) {
    const line = lineOf(feature);
    if (line !== undefined) return line;
  }
  return undefined;
}

function waypointOf(position: unknown): Waypoint {
  const [lon, lat, altMSL = DEFAULT_ALTITUDE_M]: unknown[] = Array.isArray(position) ? position : [];
  if (!isWithin(lon, 180) || !isWithin(lat, 85) || !isWithin(altMSL, 20_000)) {
    const detail = `not a position of longitude, latitude and height: ${JSON.stringify(position)}`;
    throw new FieldsealError('SCENARIO_INVALID', { detail });
  }
  return { lat, lon, altMSL };
}

const isWithin = (value: unknown, bound: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= bound;

const isSame = (a: Position, b: Position | undefined): boolean => a.lat === b?.lat && a.lon === b.lon;

/** Out on the right lane, back on the other. */
function toAndFro(waypoints: readonly Waypoint[]): Waypoint[] {
  const back = waypoints.map((point, index) => {
    const from = waypoints[Math.max(0, index - 1)] ?? point;
    const to = waypoints[Math.min(waypoints.length - 1, index + 1)] ?? point;
    const plane = new LocalPlane(point);
    const [a, b] = [plane.toPlane(from), plane.toPlane(to)];
    const [east, north] = [b.east - a.east, b.north - a.north];
    const length = Math.max(1, Math.hypot(east, north));
    return { ...plane.toPosition((-north / length) * LANE_M, (east / length) * LANE_M), altMSL: point.altMSL };
  });
  return [...waypoints, ...back.reverse()];
}
