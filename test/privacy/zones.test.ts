import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseGeoJson } from '../../daemon/privacy/geojson.ts';
import { loadZones, PrivacyZones } from '../../daemon/privacy/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fieldseal-zones-'));
afterAll(() => rmSync(folder, { recursive: true }));

const e7 = (degrees: number): number => Math.round(degrees * 1e7);
const square = (west: number, south: number, east: number, north: number): number[][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const zonesOf = (json: unknown): PrivacyZones => new PrivacyZones(parseGeoJson(JSON.stringify(json)));

describe('a circle', () => {
  // Distances on the WGS 84 ellipsoid: a degree of latitude is 111,194 m at 47 degrees, one of longitude 76,057 m.
  const circle = { lat: 47, lon: 8, radius: 1_000 };
  it.each<[string, number, number, boolean]>([
    ['its centre', 47, 8, true],
    ['990 m north', 47 + 990 / 111_194, 8, true],
    ['1,020 m north', 47 + 1_020 / 111_194, 8, false],
    ['990 m west', 47, 8 - 990 / 76_057, true],
    ['1,020 m west', 47, 8 - 1_020 / 76_057, false],
    ['the other side of the Earth', -47, -172, false],
  ])('has or has not %s', async (_, lat, lon, expected) => {
    const zones = await loadZones([{ name: 'home', circle }]);
    expect(zones.contains(e7(lat), e7(lon))).toBe(expected);
  });

  it.each<[string, { lat: number; lon: number }, [number, number], [number, number]]>([
    ['on the antimeridian', { lat: -17, lon: 179.999 }, [-17, -179.999], [-17, -179.98]],
    ['at a pole', { lat: 90, lon: 0 }, [89.995, -120], [89.98, -120]],
  ])('%s goes all the way round', async (_, at, near, far) => {
    const zones = await loadZones([{ name: 'home', circle: { ...at, radius: 1_000 } }]);
    expect(zones.contains(e7(near[0]), e7(near[1]))).toBe(true);
    expect(zones.contains(e7(far[0]), e7(far[1]))).toBe(false);
  });
});

describe('a polygon', () => {
  const ring = square(8, 47, 9, 48);
  const hole = square(8.4, 47.4, 8.6, 47.6);

  it.each<[string, number, number, boolean]>([
    ['the middle of the ring', 47.2, 8.2, true],
    ['beside it', 47.5, 9.1, false],
    ['above it', 48.1, 8.5, false],
    ['the hole', 47.5, 8.5, false],
    ['an edge', 47.5, 8, true],
    ['a corner', 48, 9, true],
    ['the edge of the hole', 47.4, 8.5, true],
    ['level with a corner, outside', 48, 9.5, false],
    ['level with an edge, outside', 47, 7.5, false],
  ])('has or has not %s', (_, lat, lon, expected) => {
    for (const rings of [
      [ring, hole],
      [ring.toReversed(), hole.toReversed()],
    ]) {
      const zones = zonesOf({ type: 'Polygon', coordinates: rings });
      expect(zones.contains(e7(lat), e7(lon))).toBe(expected);
    }
  });

  it('that is not convex has what lies between its arms outside', () => {
    const zones = zonesOf({
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [3, 0],
          [3, 3],
          [2, 3],
          [2, 1],
          [1, 1],
          [1, 3],
          [0, 3],
          [0, 0],
        ],
      ],
    });
    expect([0.5, 1.5, 2.5].map((lon) => zones.contains(e7(2), e7(lon)))).toEqual([true, false, true]);
    expect(zones.contains(e7(0.5), e7(1.5))).toBe(true);
  });

  it('agrees with a bisection of random triangles by their sides', () => {
    const degree = fc.integer({ min: -1_000, max: 1_000 });
    const point = fc.record({ lat: degree, lon: degree });
    fc.assert(
      fc.property(point, point, point, point, (a, b, c, p) => {
        const side = (u: typeof p, v: typeof p) =>
          Math.sign((v.lon - u.lon) * (p.lat - u.lat) - (v.lat - u.lat) * (p.lon - u.lon));
        const sides = [side(a, b), side(b, c), side(c, a)];
        // On a line, or a triangle that is none: the cases above.
        fc.pre(!sides.includes(0));
        const coordinates = [[a, b, c, a].map(({ lat, lon }) => [lon / 100, lat / 100])];
        const isInside = sides.every((one) => one === sides[0]);
        expect(zonesOf({ type: 'Polygon', coordinates }).contains(p.lat * 100_000, p.lon * 100_000)).toBe(isInside);
      }),
    );
  });

  it('cut at the antimeridian is one zone, that line included under both its names', () => {
    const zones = zonesOf({
      type: 'MultiPolygon',
      coordinates: [[square(179, -18, 180, -16)], [square(-180, -17.5, -179, -16)]],
    });
    expect(zones.contains(e7(-17), e7(179.5))).toBe(true);
    expect(zones.contains(e7(-17), e7(-179.5))).toBe(true);
    expect(zones.contains(e7(-17.8), e7(-180))).toBe(true);
    expect(zones.contains(e7(-17), 0)).toBe(false);
  });
});

describe('a GeoJSON file', () => {
  const polygon = { type: 'Polygon', coordinates: [square(8, 47, 9, 48)] };

  it.each([
    ['Polygon', polygon],
    ['Feature', { type: 'Feature', properties: { name: 'home' }, geometry: polygon }],
    [
      'FeatureCollection',
      {
        type: 'FeatureCollection',
        features: [
          { type: 'Feature', properties: null, geometry: null },
          { type: 'Feature', properties: {}, geometry: polygon },
        ],
      },
    ],
    ['GeometryCollection', { type: 'GeometryCollection', geometries: [polygon] }],
    ['Polygon with altitudes', { ...polygon, coordinates: [square(8, 47, 9, 48).map((at) => [...at, 400])] }],
  ])('may be a %s', async (_, json) => {
    const geojson = join(folder, 'zone.geojson');
    writeFileSync(geojson, JSON.stringify(json));
    const zones = await loadZones([{ name: 'home', geojson }]);
    expect(zones.contains(e7(47.5), e7(8.5))).toBe(true);
    expect(zones.contains(e7(48.5), e7(8.5))).toBe(false);
  });

  const ofRing = (...ring: number[][]): string => JSON.stringify({ type: 'Polygon', coordinates: [ring] });
  it.each([
    ['is no JSON', '{', 'it is not JSON'],
    ['is another JSON', '[]', ''],
    ['holds a point', '{"type":"Point","coordinates":[8,47]}', 'neither a polygon nor'],
    [
      'holds a point among polygons',
      JSON.stringify({ type: 'GeometryCollection', geometries: [polygon, { type: 'Point' }] }),
      '',
    ],
    ['holds nothing', '{"type":"FeatureCollection","features":[]}', 'it holds no polygon'],
    ['has an open ring', ofRing([0, 0], [1, 0], [1, 1], [0, 1]), 'the ring is not closed'],
    ['has a ring of three positions', ofRing([0, 0], [1, 0], [0, 0]), ''],
    ['has latitude before longitude', ofRing([47, 98], [47, 99], [48, 99], [47, 98]), ''],
    [
      'crosses the antimeridian',
      ofRing([179, 0], [-179, 0], [-179, 1], [179, 0]),
      'cut the polygon at the antimeridian',
    ],
    ['is nested without end', `${'{"type":"Feature","geometry":'.repeat(2_000)}null${'}'.repeat(2_000)}`, 'too deeply'],
  ])('that %s is refused with its path', async (_, text, detail) => {
    const geojson = join(folder, 'bad.geojson');
    writeFileSync(geojson, text);
    await expect(loadZones([{ name: 'home', geojson }])).rejects.toMatchObject({
      code: 'ZONE_INVALID',
      place: geojson,
      message: expect.stringContaining(detail),
    });
  });

  it('that is not there is named', async () => {
    const geojson = join(folder, 'nowhere.geojson');
    await expect(loadZones([{ name: 'home', geojson }])).rejects.toMatchObject({
      code: 'FILE_NOT_READABLE',
      place: geojson,
    });
  });
});
