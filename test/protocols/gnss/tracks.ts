import { bytes, nmea, payload, pvt, ubx } from './encode.ts';
import { timeOfWeek as bitsOfWeek, msm, stationMessage } from './rtcm3-encode.ts';

/** One epoch of a made-up drive: what the captures are encoded from, and what decoding them must give back. */
export interface Step {
  /** UTC, ms since the Unix epoch. */
  readonly utc: number;
  /** 1e-7 degrees. */
  readonly lat: number;
  readonly lon: number;
}

/** GPS less UTC in 2026. */
const LEAP_MS = 18_000;
const WEEK_MS = 7 * 86_400_000;
const GPS_EPOCH = Date.UTC(1980, 0, 6);

/** A drive to the north-west that turns, from an instant on. */
export function drive(from: number, steps: number, everyMs: number): Step[] {
  return Array.from({ length: steps }, (_, step) => ({
    utc: from + step * everyMs,
    lat: 473_977_420 + Math.round(120 * step + 900 * Math.sin(step / 7)),
    lon: -85_456_030 - Math.round(75 * step - 500 * Math.cos(step / 5)),
  }));
}

const two = (value: number): string => String(value).padStart(2, '0');

function clock(utc: number): string {
  const date = new Date(utc);
  const hundredths = two(Math.round(date.getUTCMilliseconds() / 10));
  return `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}.${hundredths}`;
}

/** Degrees and decimal minutes of seven digits, which is more than 1e-7 degrees. */
function angle(value: number, digits: number, letters: string): string {
  const magnitude = Math.abs(value);
  const degrees = Math.floor(magnitude / 1e7);
  const minutes = ((magnitude - degrees * 1e7) * 60) / 1e7;
  return `${String(degrees).padStart(digits, '0')}${minutes.toFixed(7).padStart(10, '0')},${letters[value < 0 ? 1 : 0]}`;
}

/** The sentences of a multi-band receiver for one step: RMC, VTG, GGA, GSA, GSV, GLL, GST, ZDA. */
export function nmeaEpoch({ utc, lat, lon }: Step): Uint8Array {
  const date = new Date(utc);
  const time = clock(utc);
  const place = `${angle(lat, 2, 'NS')},${angle(lon, 3, 'EW')}`;
  const day = two(date.getUTCDate());
  const month = two(date.getUTCMonth() + 1);
  return bytes(
    nmea(`GNRMC,${time},A,${place},10.420,312.45,${day}${month}${two(date.getUTCFullYear() % 100)},2.8,E,D,V`),
    nmea('GNVTG,312.45,T,309.65,M,10.420,N,19.298,K,D'),
    nmea(`GNGGA,${time},${place},2,17,0.71,412.6,M,47.8,M,3.0,0123`),
    nmea('GNGSA,A,3,02,05,12,25,29,,,,,,,,1.32,0.71,1.11,1'),
    nmea('GNGSA,A,3,70,71,86,,,,,,,,,,1.32,0.71,1.11,2'),
    nmea('GNGSA,A,3,03,08,13,,,,,,,,,,1.32,0.71,1.11,3'),
    nmea('GPGSV,2,1,05,02,33,210,38,05,62,087,44,12,51,145,42,25,21,300,35,1'),
    nmea('GPGSV,2,2,05,29,70,020,46,1'),
    nmea('GPGSV,1,1,02,05,62,087,41,25,21,300,31,6'),
    nmea('GLGSV,1,1,03,70,40,060,37,71,66,180,40,86,15,330,28,1'),
    nmea('GAGSV,1,1,03,03,55,111,42,08,34,250,39,13,19,040,33,7'),
    nmea(`GNGLL,${place},${time},A,D`),
    nmea(`GNGST,${time},24,0.9,0.6,41,0.64,0.48,1.30`),
    nmea(`GNZDA,${time},${day},${month},${date.getUTCFullYear()},00,00`),
  );
}

const timeOfWeek = (utc: number): number => (utc + LEAP_MS - GPS_EPOCH) % WEEK_MS;

/** NAV-PVT, NAV-DOP and NAV-EOE of one step; with `integrity`, MON-RF and SEC-SIG between. */
export function ubxEpoch({ utc, lat, lon }: Step, integrity: boolean): Uint8Array {
  const iTOW = timeOfWeek(utc);
  const dop = payload(
    18,
    [0, 'u4', iTOW],
    [4, 'u2', 171],
    [6, 'u2', 148],
    [8, 'u2', 85],
    [10, 'u2', 121],
    [12, 'u2', 84],
  );
  const rf = payload(
    28,
    [1, 'u1', 1],
    [5, 'u1', 1],
    [6, 'u1', 2],
    [7, 'u1', 1],
    [16, 'u2', 97],
    [18, 'u2', 4_210],
    [20, 'u1', 9],
  );
  return bytes(
    pvt({ iTOW, utc, lat, lon, flags: 0x03 }),
    ubx(0x01, 0x04, dop),
    ...(integrity ? [ubx(0x0a, 0x38, rf), ubx(0x27, 0x09, payload(4, [0, 'u1', 2], [1, 'u1', 0x1b]))] : []),
    ubx(0x01, 0x61, payload(4, [0, 'u4', iTOW])),
  );
}

/** What a base station feeds through the same port: where it is, and one epoch of GPS and Galileo. */
export const corrections = ({ utc }: Step): Uint8Array =>
  bytes(
    stationMessage(1005, [42_794_163_114, 6_366_911_480, 46_716_021_950]),
    msm({ number: 1077, time: bitsOfWeek(timeOfWeek(utc)), more: true, cnr: [700, 640, 512] }),
    msm({ number: 1097, time: bitsOfWeek(timeOfWeek(utc)), cells: '0110', cnr: [611, 0] }),
  );
