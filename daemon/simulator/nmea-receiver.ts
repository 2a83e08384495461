import { nmeaSentence } from './nmea-sentence.ts';
import type { Receiver } from './receiver.ts';
import { type Constellation, type Satellite, Sky } from './sky.ts';
import type { TrackPoint } from './track.ts';

const MPS_TO_KNOTS = 3_600 / 1_852;
const MINUTE_UNITS = 100_000;
const DEGREE_UNITS = 60 * MINUTE_UNITS;
const SATELLITES_PER_GSV = 4;
const SATELLITES_PER_GSA = 12;

/** NMEA 0183 4.11: talker, system id (GSA), signal id of the L1 signal (GSV), and what is added to a satellite's number. */
const SYSTEMS: Readonly<
  Partial<Record<Constellation, { talker: string; system: number; signal: number; offset: number }>>
> = {
  gps: { talker: 'GP', system: 1, signal: 1, offset: 0 },
  glonass: { talker: 'GL', system: 2, signal: 1, offset: 64 },
};

/** A receiver that speaks NMEA 0183 version 4.11: RMC, VTG, GGA, GSA and GSV in each epoch. */
export class NmeaReceiver implements Receiver {
  readonly #sky: Sky;

  constructor(seed: number) {
    this.#sky = new Sky(seed, ['gps', 'glonass']);
  }

  epoch(point: TrackPoint, ms: number): Uint8Array {
    const satellites = this.#sky.at(ms);
    const used = satellites.filter((satellite) => satellite.used);
    const { pdop, hdop, vdop } = this.#sky.dilutionAt(ms);
    const dops = [pdop, hdop, vdop].map((dop) => dop.toFixed(2)).join(',');
    const sentences = [
      `GNRMC,${clock(point.time)},A,${place(point)},${knots(point)},${course(point)},${date(point.time)},,,A,V`,
      `GNVTG,${course(point)},T,,M,${knots(point)},N,${(point.speed * 3.6).toFixed(3)},K,A`,
      `GNGGA,${clock(point.time)},${place(point)},1,${two(used.length)},${hdop.toFixed(2)},${heights(point)},,`,
    ];
    for (const [constellation, numbering] of Object.entries(SYSTEMS)) {
      const inUse = used.filter((satellite) => satellite.constellation === constellation);
      sentences.push(gsa(inUse, numbering, dops));
    }
    for (const [constellation, numbering] of Object.entries(SYSTEMS)) {
      const inView = satellites.filter((satellite) => satellite.constellation === constellation);
      sentences.push(...gsv(inView, numbering));
    }
    return Buffer.concat(sentences.map(nmeaSentence));
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

/** hhmmss.ss */
function clock(time: number): string {
  const at = new Date(time);
  const seconds = `${two(at.getUTCSeconds())}.${two(Math.floor(at.getUTCMilliseconds() / 10))}`;
  return `${two(at.getUTCHours())}${two(at.getUTCMinutes())}${seconds}`;
}

/** ddmmyy */
function date(time: number): string {
  const at = new Date(time);
  return `${two(at.getUTCDate())}${two(at.getUTCMonth() + 1)}${two(at.getUTCFullYear() % 100)}`;
}

const place = ({ lat, lon }: TrackPoint): string =>
  `${angle(lat, 2)},${lat < 0 ? 'S' : 'N'},${angle(lon, 3)},${lon < 0 ? 'W' : 'E'}`;

/** Degrees and minutes with five decimals. Rounded as a whole, so that no minute ever reads 60. */
function angle(degrees: number, width: number): string {
  const units = Math.round(Math.abs(degrees) * DEGREE_UNITS);
  const whole = Math.floor(units / DEGREE_UNITS);
  const minutes = ((units % DEGREE_UNITS) / MINUTE_UNITS).toFixed(5);
  return `${String(whole).padStart(width, '0')}${minutes.padStart(8, '0')}`;
}

const knots = (point: TrackPoint): string => (point.speed * MPS_TO_KNOTS).toFixed(3);

const course = (point: TrackPoint): string => ((Math.round(point.track * 100) % 36_000) / 100).toFixed(2);

const heights = (point: TrackPoint): string =>
  `${point.altMSL.toFixed(1)},M,${(point.altHAE - point.altMSL).toFixed(1)},M`;

function gsa(used: readonly Satellite[], { system, offset }: { system: number; offset: number }, dops: string): string {
  const numbers = Array.from({ length: SATELLITES_PER_GSA }, (_, index) => {
    const satellite = used[index];
    return satellite === undefined ? '' : two(satellite.number + offset);
  });
  return `GNGSA,A,3,${numbers.join(',')},${dops},${system}`;
}

function gsv(
  inView: readonly Satellite[],
  { talker, signal, offset }: { talker: string; signal: number; offset: number },
): string[] {
  const count = Math.ceil(inView.length / SATELLITES_PER_GSV);
  return Array.from({ length: count }, (_, index) => {
    const four = inView.slice(index * SATELLITES_PER_GSV, (index + 1) * SATELLITES_PER_GSV);
    const blocks = four.map(({ number, elevation, azimuth, cno }) =>
      [two(number + offset), two(elevation), String(azimuth).padStart(3, '0'), cno === 0 ? '' : two(cno)].join(','),
    );
    return `${talker}GSV,${count},${index + 1},${two(inView.length)},${blocks.join(',')},${signal}`;
  });
}
