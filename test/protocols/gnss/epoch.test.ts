import { describe, expect, it } from 'vitest';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import type { Observation } from '../../../daemon/readings/index.ts';
import { decode, REFERENCE, readings } from './decode.ts';
import { bytes, nmea, pvt, ubx } from './encode.ts';

const UTC = Date.parse('2026-01-15T09:27:33.000Z');
const ITOW = 379_671_000;

const rmc = (time: string, lat = '5321.6802'): Uint8Array =>
  nmea(`GNRMC,${time},A,${lat},N,00630.3371,W,0.06,31.66,150126,,,A`);
const gga = (time: string, lat = '5321.6802'): Uint8Array =>
  nmea(`GNGGA,${time},${lat},N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,`);
const solution = (step: number, lat = 533_613_399): Uint8Array =>
  pvt({ iTOW: ITOW + step * 1000, utc: UTC + step * 1000, lat, lon: -65_056_183 });

const fixesOf = (observations: readonly Observation[]): Observation[] =>
  observations.filter(({ kind }) => kind === 'gnss.fix');

describe('an epoch', () => {
  it('of NMEA and UBX makes one fix, with the position of UBX, in either order', () => {
    const nmeaFirst = bytes(
      rmc('092733.00'),
      gga('092733.00'),
      solution(0),
      rmc('092734.00'),
      gga('092734.00'),
      solution(1),
    );
    const ubxFirst = bytes(
      solution(0),
      rmc('092733.00'),
      gga('092733.00'),
      solution(1),
      rmc('092734.00'),
      gga('092734.00'),
    );
    const split = bytes(
      rmc('092733.00'),
      solution(0),
      gga('092733.00'),
      rmc('092734.00'),
      solution(1),
      gga('092734.00'),
    );
    for (const stream of [nmeaFirst, ubxFirst, split]) {
      expect(readings(stream, 'gnss.fix')).toMatchObject([
        { time: '2026-01-15T09:27:33.000Z', lat: 53.3613399, eph: 1.2 },
        { time: '2026-01-15T09:27:34.000Z', lat: 53.3613399, eph: 1.2 },
      ]);
    }
  });

  it('that NMEA rounds to another hundredth is the same epoch', () => {
    const shifted = pvt({ iTOW: ITOW - 4, utc: UTC - 4, lat: 533_613_399, lon: -65_056_183 });
    expect(readings(bytes(shifted, rmc('092733.00')), 'gnss.fix')).toHaveLength(1);
  });

  it('of another second is another epoch, although UBX tells only one of them', () => {
    const stream = bytes(solution(0), rmc('092734.00'), rmc('092735.00'));
    expect(readings(stream, 'gnss.fix')).toMatchObject([
      { time: '2026-01-15T09:27:33.000Z', lat: 53.3613399 },
      { time: '2026-01-15T09:27:34.000Z', lat: 53.3613367 },
      { time: '2026-01-15T09:27:35.000Z', lat: 53.3613367 },
    ]);
  });

  it('has NMEA positions still, where UBX tells only of status', () => {
    const status = ubx(0x01, 0x03, [
      ITOW & 0xff,
      (ITOW >> 8) & 0xff,
      (ITOW >> 16) & 0xff,
      ITOW >> 24,
      3,
      1,
      0,
      8,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
    const stream = bytes(rmc('092733.00'), status);
    expect(readings(stream, 'gnss.fix')).toMatchObject([{ lat: 53.3613367 }]);
    expect(readings(stream, 'gnss.integrity')).toMatchObject([{ spoofing: 1 }]);
  });

  it('carries the time at which its first message arrived', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    decoder.push(rmc('092733.00'), 1_000);
    decoder.push(gga('092733.00'), 1_200);
    expect(decoder.push(rmc('092734.00'), 2_000)).toMatchObject([{ kind: 'gnss.fix', t: 1_000 }]);
    expect(decoder.end(3_000)).toMatchObject([{ kind: 'gnss.fix', t: 2_000 }]);
  });

  it('carries the arrival of its own first message, not of what was left of the epoch before', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    decoder.push(nmea('GPGSA,A,3,10,07,05,,,,,,,,,,1.72,1.03,1.38'), 1_000);
    decoder.push(rmc('092733.00'), 1_900);
    expect(fixesOf(decoder.end(3_000))).toMatchObject([{ t: 1_900 }]);
  });

  it('comes out when the line goes quiet, and only once', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    expect(decoder.push(rmc('092733.00'), 0)).toEqual([]);
    expect(fixesOf(decoder.quiet(100))).toHaveLength(1);
    expect(fixesOf(decoder.quiet(200))).toEqual([]);
    expect(fixesOf(decoder.push(gga('092733.00'), 300))).toEqual([]);
    expect(fixesOf(decoder.push(rmc('092734.00'), 1_000))).toEqual([]);
    expect(fixesOf(decoder.end(1_100))).toHaveLength(1);
  });

  it('makes the same fixes, whether or not the line is quiet between bursts', () => {
    const bursts = [0, 1, 2, 3].map((step) =>
      bytes(rmc(`09273${step}.00`), gga(`09273${step}.00`), solution(step - 3)),
    );
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    const live = bursts.flatMap((burst, step) => [...decoder.push(burst, step), ...decoder.quiet(step)]);
    const replayed = decode(bytes(...bursts)).observations;
    expect(fixesOf(live).map(({ fields }) => fields)).toEqual(fixesOf(replayed).map(({ fields }) => fields));
  });

  it('without time ends when a sentence of its kind comes again', () => {
    const search = nmea('GPRMC,,V,,,,,,,,,,N');
    const view = (ss: number): Uint8Array => nmea(`GPGSV,1,1,01,05,,,${ss}`);
    const sky = readings(bytes(search, view(20), search, view(21), search, view(22)), 'gnss.sky');
    expect(sky.map(({ satellites }) => satellites)).toEqual([
      [{ gnssid: 0, svid: 5, ss: 20, used: false }],
      [{ gnssid: 0, svid: 5, ss: 21, used: false }],
      [{ gnssid: 0, svid: 5, ss: 22, used: false }],
    ]);
  });

  it('that NAV-EOE has closed makes no second fix of the sentences that follow', () => {
    const eoe = ubx(0x01, 0x61, [ITOW & 0xff, (ITOW >> 8) & 0xff, (ITOW >> 16) & 0xff, ITOW >> 24]);
    const late = pvt({ iTOW: ITOW, utc: UTC - 4, lat: 533_613_399, lon: -65_056_183 });
    expect(readings(bytes(late, eoe, rmc('092733.00'), gga('092733.00')), 'gnss.fix')).toHaveLength(1);
  });

  it('of a receiver at 25 Hz is one of 40 ms, with NMEA and UBX', () => {
    const stream = bytes(
      ...[0, 40, 80, 120].map((ms) =>
        bytes(
          rmc(`092733.${String(ms / 10).padStart(2, '0')}`),
          pvt({ iTOW: ITOW + ms, utc: UTC + ms, lat: 533_613_399 + ms, lon: -65_056_183 }),
        ),
      ),
    );
    expect(readings(stream, 'gnss.fix').map(({ lat }) => lat)).toEqual([
      53.3613399, 53.3613439, 53.3613479, 53.3613519,
    ]);
  });

  it('of a position that is not on earth is none', () => {
    expect(readings(pvt({ iTOW: ITOW, utc: UTC, lat: 900_000_001, lon: 0 }), 'gnss.fix')).toEqual([]);
  });

  it('that has a fix is not one with a search before or after it', () => {
    const search = bytes(nmea('GNRMC,,V,,,,,,,,,,N'), nmea('GNGGA,,,,,,0,00,99.99,,,,,,'), nmea('GNGLL,,,,,,V,N'));
    expect(readings(bytes(search, rmc('092733.00'), search, search, gga('092736.00')), 'gnss.fix')).toMatchObject([
      { time: '2026-01-15T09:27:33.000Z' },
      { time: '2026-01-15T09:27:36.000Z' },
    ]);
  });

  it('takes a GLL of the old form, which has no time', () => {
    const stream = bytes(
      rmc('092733.00'),
      nmea('GPGLL,5321.6803,N,00630.3371,W'),
      nmea('GPVTG,90.0,T,,M,19.438,N,36.0,K'),
    );
    expect(readings(stream, 'gnss.fix')).toMatchObject([{ lat: 53.3613383, speed: 10 }]);
  });

  it('keeps the latest mode that GSA told', () => {
    const gsa = nmea('GNGSA,A,2,05,12,08,,,,,,,,,,1.9,1.0,1.6,1');
    expect(readings(bytes(rmc('092733.00'), gsa, gga('092734.00')), 'gnss.fix')).toMatchObject([
      { mode: 2 },
      { mode: 2 },
    ]);
  });
});
