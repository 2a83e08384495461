import type { KindSpec } from '../field.ts';
import { altitude, bytes, choice, count, flag, int, latitude, longitude, text } from './fields.ts';

const icao = (key: number) => bytes(key, 3, 'ICAO 24-bit address of the aircraft');

export const ADSB_KINDS = {
  'adsb.squitter': {
    number: 9,
    about: 'A Mode S squitter with good parity (ICAO Annex 10, volume IV): DF11, DF17 or DF18.',
    required: ['icao', 'downlinkFormat'],
    fields: {
      icao: icao(1),
      downlinkFormat: count(2, 31, 'Downlink format'),
      typeCode: count(3, 31, 'Type code of an extended squitter'),
      capability: count(4, 7, 'Capability (DF11, DF17) or control field (DF18)'),
      message: bytes(5, 14, 'The message as it was heard: 7 or 14 bytes'),
      timestamp: count(6, 281_474_976_710_655, "The receiver's 12 MHz counter"),
      signal: int(7, 'dBFS', 1, -1_000, 0, 'Signal level'),
      callsign: text(8, 8, 'Flight identification'),
      category: text(9, 2, 'Emitter category, such as A3'),
      altitude: altitude(10, 'Barometric altitude'),
      altitudeGNSS: altitude(11, 'GNSS altitude above the ellipsoid'),
      groundSpeed: int(12, 'm/s', 3, 0, 3_000_000, 'Speed over ground'),
      airSpeed: int(13, 'm/s', 3, 0, 3_000_000, 'Air speed'),
      track: int(14, 'deg', 5, 0, 36_000_000, 'Course over ground from true north'),
      heading: int(15, 'deg', 5, 0, 36_000_000, 'Heading'),
      verticalRate: int(16, 'm/s', 3, -500_000, 500_000, 'Vertical rate, up positive'),
      onGround: flag(17, 'On the ground'),
      cprFormat: choice(18, ['even', 'odd'], 'Compact position reporting format'),
      cprLat: count(19, 131_071, 'Encoded latitude'),
      cprLon: count(20, 131_071, 'Encoded longitude'),
      squawk: count(21, 7_777, 'Mode A code, its four octal digits written as a decimal number'),
      emergency: count(22, 7, 'Emergency state'),
    },
  },
  'adsb.position': {
    number: 10,
    about: 'A position of an aircraft, decoded from its compact position reports.',
    required: ['icao', 'lat', 'lon'],
    fields: {
      icao: icao(1),
      lat: latitude(2),
      lon: longitude(3),
      altitude: altitude(4, 'Barometric altitude'),
      altitudeGNSS: altitude(5, 'GNSS altitude above the ellipsoid'),
      onGround: flag(6, 'On the ground'),
      method: choice(
        7,
        ['global', 'local'],
        'From an even and an odd report together, or from one and a known position',
      ),
      groundSpeed: int(8, 'm/s', 3, 0, 3_000_000, 'Speed over ground, of a surface position'),
      track: int(9, 'deg', 5, 0, 36_000_000, 'Course over ground, of a surface position'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
