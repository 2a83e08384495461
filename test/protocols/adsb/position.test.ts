import { describe, expect, it } from 'vitest';
import { AircraftTable } from '../../../daemon/protocols/adsb/aircraft.ts';
import { distance, globalPlace, localPlace, longitudeZones, type Place } from '../../../daemon/protocols/adsb/cpr.ts';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { avr, beast, decode, heard, withParity } from './wire.ts';

/** "The 1090 Megahertz Riddle", chapters on airborne and surface positions. */
const EVEN = '8D40621D58C382D690C8AC2863A7';
const ODD = '8D40621D58C386435CC412692AD6';
const SURFACE_EVEN = '8C4841753AAB238733C8CD4020B1';
const SURFACE_ODD = '8C4841753A8A35323FAEBDAC702D';
const SURFACE = '8C4841753A9A153237AEF0F275BE';

const AMSTERDAM = { lat: 51.99, lon: 4.375 };

/** Encodes a place as the specification does (Doc 9871, C.2.6.3): 17 bits, in the air. */
function encode({ lat, lon }: Place, odd: boolean): { odd: boolean; lat: number; lon: number } {
  const fraction = (value: number, size: number): number => value / size - Math.floor(value / size);
  const height = 360 / (odd ? 59 : 60);
  const y = Math.floor(131_072 * fraction(lat, height) + 0.5);
  const rounded = height * (y / 131_072 + Math.floor(lat / height));
  const width = 360 / Math.max(longitudeZones(rounded) - (odd ? 1 : 0), 1);
  return { odd, lat: y & 0x1ffff, lon: Math.floor(131_072 * fraction(lon, width) + 0.5) & 0x1ffff };
}

function message(icao: string, place: Place, odd: boolean): string {
  const report = encode(place, odd);
  const bits =
    (11n << 51n) | (0xc38n << 36n) | (BigInt(odd ? 1 : 0) << 34n) | (BigInt(report.lat) << 17n) | BigInt(report.lon);
  return withParity(`8D${icao}${bits.toString(16).padStart(14, '0')}`);
}

describe('a position', () => {
  it('comes of an even and an odd report, and is that of the later one', () => {
    expect(
      heard(
        [
          { hex: ODD, at: 0 },
          { hex: EVEN, at: 1 },
        ],
        'adsb.position',
      ),
    ).toEqual([{ icao: '40621d', lat: 52.2572021, lon: 3.9193726, altitude: 11582.4, method: 0, onGround: false }]);
    expect(
      heard(
        [
          { hex: EVEN, at: 0 },
          { hex: ODD, at: 1 },
        ],
        'adsb.position',
      ),
    ).toMatchObject([{ lat: 52.2657802, lon: 3.9389125 }]);
  });

  it('does not come of reports more than ten seconds apart', () => {
    expect(
      heard(
        [
          { hex: ODD, at: 0 },
          { hex: EVEN, at: 10.5 },
        ],
        'adsb.position',
      ),
    ).toEqual([]);
  });

  it('does not come of reports ten seconds apart by the receiver, however fast a recording is read', () => {
    const pair = (ticks: number): Buffer =>
      Buffer.concat([beast(ODD, { counter: 5 }), beast(EVEN, { counter: 5 + ticks })]);
    expect(decode(pair(12e6 * 9)).observations).toHaveLength(3);
    expect(decode(pair(12e6 * 11)).observations).toHaveLength(2);
    const rolled = Buffer.concat([beast(ODD, { counter: 2 ** 48 - 1 }), beast(EVEN, { counter: 12e6 })]);
    expect(decode(rolled).observations).toHaveLength(3);
  });

  it('comes of one report near where the receiver stands, and says so', () => {
    const found = heard([{ hex: EVEN, at: 0 }], 'adsb.position', { ...AMSTERDAM, range: 555 });
    expect(found).toMatchObject([{ lat: 52.2572021, lon: 3.9193726, method: 1 }]);
    // As far as it hears, another zone would fit the same report.
    expect(heard([{ hex: EVEN, at: 0 }], 'adsb.position', { lat: 51, lon: 6.5, range: 555 })).toEqual([]);
  });

  it('comes of one report near where the aircraft was a minute before', () => {
    const later = { hex: ODD, at: 55 };
    expect(heard([{ hex: ODD, at: 0 }, { hex: EVEN, at: 1 }, later], 'adsb.position')).toMatchObject([
      { method: 0 },
      { method: 1, lat: 52.2657802, lon: 3.9389125 },
    ]);
    expect(
      heard(
        [
          { hex: ODD, at: 0 },
          { hex: EVEN, at: 1 },
          { hex: ODD, at: 62 },
        ],
        'adsb.position',
      ),
    ).toHaveLength(1);
  });

  it('on the ground comes of one report near the receiver', () => {
    expect(heard([{ hex: SURFACE, at: 0 }], 'adsb.position', AMSTERDAM)).toMatchObject([
      {
        icao: '484175',
        lat: 52.3205605,
        lon: 4.7357352,
        onGround: true,
        groundSpeed: 8.746,
        track: 92.8125,
        method: 1,
      },
    ]);
    expect(heard([{ hex: SURFACE, at: 0 }], 'adsb.position')).toEqual([]);
  });

  it('on the ground comes of a pair, where it is known which quarter of the globe it is in', () => {
    const pair = [
      { hex: SURFACE_EVEN, at: 0 },
      { hex: SURFACE_ODD, at: 1 },
    ];
    const found = heard(pair, 'adsb.position', AMSTERDAM).at(-1);
    expect(found).toMatchObject({ method: 0, onGround: true });
    expect(Number(found?.['lat'])).toBeCloseTo(52.32061, 4);
    expect(Number(found?.['lon'])).toBeCloseTo(4.73473, 4);
    expect(heard(pair, 'adsb.position')).toEqual([]);
  });

  it('beyond the range of the receiver is not believed', () => {
    const sydney = { lat: -33.9, lon: 151.2, range: 555 };
    expect(
      heard(
        [
          { hex: ODD, at: 0 },
          { hex: EVEN, at: 1 },
        ],
        'adsb.position',
        sydney,
      ),
    ).toEqual([]);
  });

  it('that nothing could have flown to is not believed, until it is insisted on', () => {
    const near = { lat: 52, lon: 4 };
    const far = { lat: 48, lon: 11 };
    const messages = [near, near, far, far, far, far, far, far].map((place, at) => ({
      hex: message('ABCDEF', place, at % 2 === 1),
      at,
    }));
    const found = heard(messages, 'adsb.position');
    expect(found.map(({ lat }) => Math.round(Number(lat)))).toEqual([52, 48, 48]);
  });

  it('is found again anywhere on the globe, from a pair and from one report', () => {
    let checked = 0;
    for (let lat = -89.5; lat < 90; lat += 3.7) {
      for (let lon = -180; lon < 180; lon += 7.3) {
        const place = { lat, lon };
        const even = encode(place, false);
        const odd = encode(place, true);
        for (const oddIsLater of [true, false]) {
          const found = globalPlace(even, odd, oddIsLater);
          if (found === undefined) continue;
          expect(distance(found, place)).toBeLessThan(10);
          expect(found.lon).toBeLessThan(180);
          const local = localPlace(oddIsLater ? odd : even, false, { lat: Math.max(-90, lat - 1), lon });
          expect(distance(local ?? { lat: 0, lon: 0 }, place)).toBeLessThan(10);
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(4_500);
  });

  it('has as many longitude zones as the specification says', () => {
    // Doc 9871, table C-3, some of its transitions.
    const table: [lat: number, zones: number][] = [
      [0, 59],
      [10.4704, 59],
      [10.4705, 58],
      [-52.2572, 36],
      [59.9545, 30],
      [59.9546, 29],
      [86.5353, 3],
      [86.5354, 2],
      [87, 2],
      [87.0001, 1],
      [90, 1],
    ];
    for (const [lat, zones] of table) expect([lat, longitudeZones(lat)]).toEqual([lat, zones]);
  });

  it('is within its bounds wherever it is', () => {
    const places = [90, -90, 89.9, 0].flatMap((lat) => [-180, 179.99999, 0].map((lon) => ({ lat, lon })));
    const stream = places.map((place, index) => {
      const icao = (0x100000 + index).toString(16);
      return Buffer.concat([avr(message(icao, place, false)), avr(message(icao, place, true))]);
    });
    const { observations } = decode(Buffer.concat(stream));
    expect(observations.filter(({ kind }) => kind === 'adsb.position').length).toBeGreaterThan(6);
    for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
  });
});

describe('the table of aircraft', () => {
  it('forgets those not heard for five minutes, and the longest silent ones when there are too many', () => {
    const table = new AircraftTable(undefined);
    for (let address = 0; address < 10_000; address++) table.hear(address, address);
    expect(table.size).toBeLessThanOrEqual(4097);
    expect(table.knows(9_999, 10_000)).toBe(true);
    expect(table.knows(0, 10_000)).toBe(false);
    expect(table.knows(9_999, 400_000)).toBe(false);
    expect(table.size).toBe(0);
  });
});
