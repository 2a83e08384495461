import { BEIDOU, GALILEO, GLONASS, GPS, NAVIC, QZSS, SBAS } from '../satellites.ts';

/** Constellations by the NMEA 4.11 system id (IEC 61162-1:2016, GSA, "GNSS system ID"), from 1. */
const BY_SYSTEM: readonly number[] = [GPS, GLONASS, GALILEO, BEIDOU, QZSS, NAVIC];

const talker = (text: string): number => (text.charCodeAt(0) << 8) | text.charCodeAt(1);

const BY_TALKER: ReadonlyMap<number, number> = new Map([
  [talker('GP'), GPS],
  [talker('GL'), GLONASS],
  [talker('GA'), GALILEO],
  [talker('GB'), BEIDOU],
  [talker('BD'), BEIDOU],
  [talker('GQ'), QZSS],
  [talker('QZ'), QZSS],
  [talker('GI'), NAVIC],
]);

/** The constellation of a system id; undefined for one that is not told or not known. */
export function constellationOfSystem(systemId: number): number | undefined {
  return BY_SYSTEM[systemId - 1];
}

/** The constellation of a talker (two letters in one number); undefined where it speaks of several, e.g. GN. */
export function constellationOfTalker(letters: number): number | undefined {
  return BY_TALKER.get(letters);
}

export interface Satellite {
  gnssid: number;
  svid: number;
}

interface NumberRange {
  readonly from: number;
  readonly to: number;
  readonly gnssid: number;
  /** What is taken off the number. */
  readonly offset: number;
}

/** NMEA satellite numbers that tell their constellation by themselves (NMEA 4.11 and u-blox, "Satellite numbering"). */
const SHARED: readonly NumberRange[] = [
  { from: 1, to: 32, gnssid: GPS, offset: 0 },
  { from: 33, to: 64, gnssid: SBAS, offset: -87 },
  { from: 65, to: 96, gnssid: GLONASS, offset: 64 },
  { from: 120, to: 158, gnssid: SBAS, offset: 0 },
  { from: 193, to: 202, gnssid: QZSS, offset: 192 },
  { from: 201, to: 263, gnssid: BEIDOU, offset: 200 },
  { from: 301, to: 336, gnssid: GALILEO, offset: 300 },
  { from: 401, to: 463, gnssid: BEIDOU, offset: 400 },
];

/** Numbers that carry an offset although the constellation is known already. */
const OWN: Readonly<Record<number, readonly NumberRange[]>> = {
  [GPS]: SHARED,
  [GLONASS]: [{ from: 65, to: 99, gnssid: GLONASS, offset: 64 }],
  [GALILEO]: [{ from: 301, to: 336, gnssid: GALILEO, offset: 300 }],
  [BEIDOU]: [
    { from: 101, to: 163, gnssid: BEIDOU, offset: 100 },
    { from: 201, to: 263, gnssid: BEIDOU, offset: 200 },
    { from: 401, to: 463, gnssid: BEIDOU, offset: 400 },
  ],
  [QZSS]: [{ from: 193, to: 202, gnssid: QZSS, offset: 192 }],
};

/**
 * Puts the constellation and its own number to an NMEA satellite number, into `satellite`. The constellation, where the
 * system id or talker tells it, settles what number ranges leave open. False for a number that no table has.
 */
export function identify(number: number, constellation: number | undefined, satellite: Satellite): boolean {
  if (!(number > 0)) return false;
  const ranges = constellation === undefined ? SHARED : (OWN[constellation] ?? []);
  for (const range of ranges) {
    if (number < range.from || number > range.to) continue;
    satellite.gnssid = range.gnssid;
    satellite.svid = number - range.offset;
    return true;
  }
  if (constellation === undefined || constellation === GPS) return false;
  satellite.gnssid = constellation;
  satellite.svid = number;
  return true;
}
