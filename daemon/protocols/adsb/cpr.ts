/** Compact position reporting (ICAO Doc 9871, appendix C, section C.2.6; RTCA DO-260B, A.1.7). Degrees. */

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** One encoded position: 17 bits each way. */
export interface Report {
  readonly odd: boolean;
  readonly lat: number;
  readonly lon: number;
}

const SCALE = 131_072;
/** Latitude zones between the equator and a pole. */
const ZONES = 15;

/**
 * The latitude from which on there are fewer than a number of longitude zones, by that number (C.2.6.2, the definition
 * of NL solved for the latitude).
 */
const TRANSITIONS = new Float64Array(60);
for (let zones = 2; zones < 60; zones++) {
  const ratio = (1 - Math.cos(Math.PI / (2 * ZONES))) / (1 - Math.cos((2 * Math.PI) / zones));
  TRANSITIONS[zones] = (180 / Math.PI) * Math.acos(Math.sqrt(ratio));
}
// Rounding must not take the latitude of 87 degrees, which is exact by definition, to its wrong side.
TRANSITIONS[2] = 87;

/** NL: how many longitude zones there are at a latitude, 59 at the equator to 1 at the poles. */
export function longitudeZones(lat: number): number {
  const magnitude = Math.abs(lat);
  if (magnitude > 87) return 1;
  for (let zones = 59; zones > 2; zones--) {
    if (magnitude < (TRANSITIONS[zones] ?? 0)) return zones;
  }
  return 2;
}

const modulo = (value: number, by: number): number => value - by * Math.floor(value / by);

/** Longitude, or the difference of two, from -180 to less than 180. */
const wrap = (lon: number): number => modulo(lon + 180, 360) - 180;

/** Degrees that the zones divide: surface positions name only a quarter of the globe. */
const span = (surface: boolean): number => (surface ? 90 : 360);

/**
 * The place of the later of an even and an odd report (C.2.6.7, C.2.6.8); undefined where the two lie in different
 * longitude zones, or belong to nothing. A surface pair fits four longitudes and two latitudes: `near` tells which one.
 */
export function globalPlace(even: Report, odd: Report, oddIsLater: boolean, near?: Place): Place | undefined {
  return solve(even, odd, oddIsLater, false, near);
}

export function globalSurfacePlace(even: Report, odd: Report, oddIsLater: boolean, near: Place): Place | undefined {
  return solve(even, odd, oddIsLater, true, near);
}

function solve(even: Report, odd: Report, oddIsLater: boolean, surface: boolean, near?: Place): Place | undefined {
  const degrees = span(surface);
  const zone = Math.floor((59 * even.lat - 60 * odd.lat) / SCALE + 0.5);
  const evenLat = northOrSouth((degrees / 60) * (modulo(zone, 60) + even.lat / SCALE), surface, near);
  const oddLat = northOrSouth((degrees / 59) * (modulo(zone, 59) + odd.lat / SCALE), surface, near);
  if (Math.abs(evenLat) > 90 || Math.abs(oddLat) > 90) return undefined;
  const zones = longitudeZones(evenLat);
  if (zones !== longitudeZones(oddLat)) return undefined;
  const later = oddIsLater ? odd : even;
  const count = Math.max(zones - (oddIsLater ? 1 : 0), 1);
  const index = Math.floor((even.lon * (zones - 1) - odd.lon * zones) / SCALE + 0.5);
  const lon = (degrees / count) * (modulo(index, count) + later.lon / SCALE);
  return { lat: oddIsLater ? oddLat : evenLat, lon: surface ? quarter(lon, near) : wrap(lon) };
}

function northOrSouth(lat: number, surface: boolean, near: Place | undefined): number {
  if (!surface) return lat >= 270 ? lat - 360 : lat;
  return near !== undefined && Math.abs(lat - 90 - near.lat) < Math.abs(lat - near.lat) ? lat - 90 : lat;
}

/** Of the four longitudes that a surface pair fits, the nearest. */
function quarter(lon: number, near: Place | undefined): number {
  if (near === undefined) return wrap(lon);
  return wrap(lon + 90 * Math.round(wrap(near.lon - lon) / 90));
}

/**
 * The place of one report that lies within half a zone of a known place: 180 nautical miles in the air, 45 on the
 * surface (C.2.6.5, C.2.6.6).
 */
export function localPlace(report: Report, surface: boolean, near: Place): Place | undefined {
  const odd = report.odd ? 1 : 0;
  const height = span(surface) / (4 * ZONES - odd);
  const lat = nearest(near.lat, report.lat, height);
  if (Math.abs(lat) > 90) return undefined;
  const width = span(surface) / Math.max(longitudeZones(lat) - odd, 1);
  return { lat, lon: wrap(nearest(near.lon, report.lon, width)) };
}

function nearest(near: number, encoded: number, size: number): number {
  const zone = Math.floor(near / size) + Math.floor(0.5 + modulo(near, size) / size - encoded / SCALE);
  return size * (zone + encoded / SCALE);
}

const EARTH_RADIUS = 6_371_000;

/** Metres between two places, on a sphere. */
export function distance(from: Place, to: Place): number {
  const radians = Math.PI / 180;
  const north = Math.sin(((to.lat - from.lat) * radians) / 2);
  const east = Math.sin(((to.lon - from.lon) * radians) / 2);
  const chord = north * north + Math.cos(from.lat * radians) * Math.cos(to.lat * radians) * east * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(chord)));
}
