import { z } from 'zod';
import { FieldsealError } from '../errors.ts';
import { DEGREE, Polygon, type Ring } from './polygon.ts';

const MAX_DEPTH = 8;
const MAX_VERTICES = 100_000;
/** An edge that spans more of the globe would be the shorter one the other way round. */
const MAX_EDGE_DEGREES = 180;

const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)], z.number());
const ring = z.array(position).min(4).refine(isClosed, 'the ring is not closed').refine(isCut, {
  message: 'an edge spans more than 180 degrees of longitude: cut the polygon at the antimeridian (RFC 7946, 3.1.9)',
});
const polygon = z.array(ring).min(1);
const node = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Polygon'), coordinates: polygon }),
  z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(polygon) }),
  z.object({ type: z.literal('Feature'), geometry: z.unknown() }),
  z.object({ type: z.literal('FeatureCollection'), features: z.array(z.unknown()) }),
  z.object({ type: z.literal('GeometryCollection'), geometries: z.array(z.unknown()) }),
]);

/**
 * The polygons of a GeoJSON text (RFC 7946): a Polygon or MultiPolygon, by itself or in features and collections. Points and
 * lines enclose nothing: a zone with one is refused rather than smaller than its author thought.
 *
 * @throws FieldsealError ZONE_INVALID
 */
export function parseGeoJson(text: string): Polygon[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FieldsealError('ZONE_INVALID', { detail: 'it is not JSON', cause });
  }
  const polygons = polygonsOf(json, 0);
  if (polygons.length === 0) throw new FieldsealError('ZONE_INVALID', { detail: 'it holds no polygon' });
  if (polygons.reduce((sum, { vertices }) => sum + vertices, 0) > MAX_VERTICES) {
    throw new FieldsealError('ZONE_INVALID', { detail: `it has more than ${MAX_VERTICES} vertices` });
  }
  return polygons;
}

function polygonsOf(json: unknown, depth: number): Polygon[] {
  if (depth > MAX_DEPTH) throw new FieldsealError('ZONE_INVALID', { detail: 'its collections are nested too deeply' });
  const { data, error } = node.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw new FieldsealError('ZONE_INVALID', {
      detail: `${where}${issue === undefined || issue.code === 'invalid_union' ? 'it is neither a polygon nor a feature or collection of them' : issue.message}`,
    });
  }
  switch (data.type) {
    case 'Polygon':
      return [new Polygon(data.coordinates.map(toRing))];
    case 'MultiPolygon':
      return data.coordinates.map((rings) => new Polygon(rings.map(toRing)));
    case 'Feature':
      // A feature without a place (RFC 7946, 3.2).
      return data.geometry === null ? [] : polygonsOf(data.geometry, depth + 1);
    case 'FeatureCollection':
      return data.features.flatMap((feature) => polygonsOf(feature, depth + 1));
    case 'GeometryCollection':
      return data.geometries.flatMap((geometry) => polygonsOf(geometry, depth + 1));
  }
}

type Position = z.output<typeof position>;

const toRing = (positions: readonly Position[]): Ring =>
  positions.map(([lon, lat]) => ({ lat: Math.round(lat * DEGREE), lon: Math.round(lon * DEGREE) }));

function isClosed(positions: readonly Position[]): boolean {
  const [first, last] = [positions[0], positions.at(-1)];
  return first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1];
}

function isCut(positions: readonly Position[]): boolean {
  return positions.every(([lon], index) => Math.abs(lon - (positions[index - 1]?.[0] ?? lon)) <= MAX_EDGE_DEGREES);
}
