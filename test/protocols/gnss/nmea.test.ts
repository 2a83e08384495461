import { describe, expect, it } from 'vitest';
import { decode, readings } from './decode.ts';
import { bytes, nmea } from './encode.ts';

const RMC = 'GPRMC,092751.00,A,5321.6802,N,00630.3371,W,0.06,31.66,150126,3.1,W,A';
const sentences = (...bodies: readonly string[]): Uint8Array => bytes(...bodies.map((body) => nmea(body)));

/** The fix that the sentences make, and nothing else. */
function fix(...bodies: readonly string[]): Record<string, unknown> | undefined {
  const fixes = readings(sentences(...bodies), 'gnss.fix');
  expect(fixes.length).toBeLessThanOrEqual(1);
  return fixes[0];
}

describe('NMEA 0183 sentences become fixes', () => {
  it('RMC', () => {
    expect(fix(RMC)).toEqual({
      time: '2026-01-15T09:27:51.000Z',
      mode: 2,
      status: 1,
      lat: 53.3613367,
      lon: -6.5056183,
      speed: 0.031,
      track: 31.66,
      magvar: -3.1,
    });
  });

  it('GGA, dated by ZDA', () => {
    const gga = 'GNGGA,172814.50,3723.46587704,N,12202.26957864,W,2,6,1.2,18.893,M,-25.669,M,2.0,0031';
    expect(fix('GNZDA,172814.50,15,01,2026,00,00', gga)).toEqual({
      time: '2026-01-15T17:28:14.500Z',
      mode: 3,
      status: 2,
      lat: 37.391098,
      lon: -122.0378263,
      altMSL: 18.893,
      altHAE: -6.776,
      uSat: 6,
      dgpsAge: 2,
      dgpsSta: 31,
    });
  });

  it('GLL', () => {
    expect(fix('GPZDA,101500,15,01,2026,,', 'GPGLL,4916.45,N,12311.12,W,101500,A,D')).toEqual({
      time: '2026-01-15T10:15:00.000Z',
      mode: 2,
      status: 2,
      lat: 49.2741667,
      lon: -123.1853333,
    });
  });

  it('GNS, by the best of its modes', () => {
    expect(
      fix(
        'GNZDA,014035.00,15,01,2026,,',
        'GNGNS,014035.00,4332.69262,S,17235.48549,E,RANN,13,0.9,25.63,11.24,1.5,0007,V',
      ),
    ).toEqual({
      time: '2026-01-15T01:40:35.000Z',
      mode: 3,
      status: 3,
      lat: -43.544877,
      lon: 172.5914248,
      altMSL: 25.63,
      altHAE: 36.87,
      uSat: 13,
      dgpsAge: 1.5,
      dgpsSta: 7,
    });
  });

  it('one fix of an epoch of many sentences', () => {
    expect(
      fix(
        RMC,
        'GPVTG,31.66,T,,M,1.944,N,3.6,K,A',
        'GPGGA,092751.000,5321.6802,N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,',
        'GPGSA,A,3,10,07,05,02,29,04,08,13,,,,,1.72,1.03,1.38',
        'GPGLL,5321.6802,N,00630.3371,W,092751,A,A',
        'GPGST,092751.00,0.9,1.2,0.8,45.0,0.3,0.4,1.5',
      ),
    ).toMatchObject({ mode: 3, status: 1, speed: 1, altMSL: 61.7, altHAE: 117, uSat: 8, eph: 0.5, epv: 1.5 });
  });

  const refused: readonly [why: string, sentences: readonly string[]][] = [
    ['RMC of status V', [RMC.replace(',A,', ',V,')]],
    ['RMC of mode N', [RMC.replace(/A$/, 'N')]],
    ['GGA of quality 0', [RMC, 'GPGGA,092751.00,5321.6802,N,00630.3371,W,0,0,99.9,,M,,M,,']],
    ['GLL of status V', [RMC, 'GPGLL,5321.6802,N,00630.3371,W,092751.00,V,N']],
    ['GNS of modes N', [RMC, 'GNGNS,092751.00,,,,,NN,0,99.9,,,,']],
    ['GSA of mode 1', [RMC, 'GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99']],
    ['a position without a date', ['GPGGA,092751.00,5321.6802,N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,']],
    ['a latitude of more than 90 degrees', [RMC.replace('5321.6802', '9001.0000')]],
    ['a latitude of 60 minutes', [RMC.replace('5321.6802', '5360.0000')]],
    ['a latitude that is no number', [RMC.replace('5321.6802', '53x1.6802')]],
    ['a latitude of no hemisphere', [RMC.replace(',N,', ',,')]],
    ['a time of 25 hours', [RMC.replace('092751.00', '252751.00')]],
    ['a time that is no number', [RMC.replace('092751.00', '0927xx.00')]],
  ];
  for (const [why, bodies] of refused) {
    it(`no fix: ${why}`, () => expect(fix(...bodies)).toBeUndefined());
  }

  it('a position that no date comes with is counted', () => {
    const { stats } = decode(sentences('ECGLL,5119.881,N,00125.169,E,164326,A,D'));
    expect(stats.undated).toBe(1);
  });

  const talkers = ['GP', 'GL', 'GA', 'GB', 'BD', 'GQ', 'QZ', 'GI', 'GN', 'IN', 'EC', 'SD', 'HE'];
  it.each(talkers)('talker %s', (talker) => {
    expect(fix(RMC.replace('GP', talker))).toMatchObject({ lat: 53.3613367, lon: -6.5056183 });
  });

  const status: readonly [quality: number, status: number | undefined][] = [
    [1, 1],
    [2, 2],
    [3, 1],
    [4, 3],
    [5, 4],
    [6, 5],
    [7, 7],
    [8, 8],
    [9, undefined],
  ];
  it.each(status)('GGA quality %i is status %s', (quality, expected) => {
    const made = fix(
      RMC.replace(/,A$/, ''),
      `GPGGA,092751.00,5321.6802,N,00630.3371,W,${quality},8,1.03,61.7,M,55.3,M,,`,
    );
    expect(made?.['status']).toBe(expected);
  });

  it('the later position of an epoch counts, unless the earlier one was of high precision', () => {
    const position = (lat: string): string => RMC.replace('5321.6802', lat);
    expect(fix(position('5321.68021'), position('5321.6803'))).toMatchObject({ lat: 53.3613383 });
    expect(fix(position('5321.6802123'), position('5321.6802'))).toMatchObject({ lat: 53.3613369 });
  });

  it('longitudes and latitudes are rounded to 1e-7 degrees once', () => {
    const made = fix(RMC.replace('5321.6802', '0000.000002999').replace('00630.3371', '17959.999999999'));
    expect(made).toMatchObject({ lat: 0, lon: -180 });
    expect(fix(RMC.replace('5321.6802', '0000.000003'))).toMatchObject({ lat: 1e-7 });
  });

  it('the date turns at midnight, before the next RMC tells it', () => {
    const fixes = readings(
      sentences(
        RMC.replace('092751.00', '235959.00'),
        'GPGGA,000000.00,5321.6802,N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,',
        'GPGGA,000001.00,5321.6802,N,00630.3371,W,1,8,1.03,61.7,M,55.3,M,,',
      ),
      'gnss.fix',
    );
    expect(fixes.map(({ time }) => time)).toEqual([
      '2026-01-15T23:59:59.000Z',
      '2026-01-16T00:00:00.000Z',
      '2026-01-16T00:00:01.000Z',
    ]);
  });

  it('a value outside its bounds is left out', () => {
    const made = fix(RMC, 'GPGGA,092751.00,5321.6802,N,00630.3371,W,1,8,1.03,99999999.9,M,55.3,M,,9999');
    expect(made).toMatchObject({ uSat: 8 });
    expect(made).not.toHaveProperty('altMSL');
    expect(made).not.toHaveProperty('dgpsSta');
  });

  it('VTG without knots gives its km/h', () => {
    expect(fix(RMC.replace('0.06', ''), 'GPVTG,31.66,T,,M,,N,36.0,K,A')).toMatchObject({ speed: 10 });
  });
});

describe('NMEA 0183 sentences become sky views', () => {
  it('GSV and GSA of several constellations, with NMEA 4.11 signal and system ids', () => {
    const [sky] = readings(
      sentences(
        RMC,
        'GNGSA,A,3,05,12,,,,,,,,,,,1.9,1.0,1.6,1',
        'GNGSA,A,3,08,,,,,,,,,,,,1.9,1.0,1.6,3',
        'GPGSV,1,1,03,05,62,087,44,12,33,210,39,25,05,310,,1',
        'GPGSV,1,1,01,05,62,087,41,6',
        'GAGSV,1,1,01,08,45,120,40,7',
        'GLGSV,1,1,01,72,12,015,22,1',
      ),
      'gnss.sky',
    );
    expect(sky).toEqual({
      time: '2026-01-15T09:27:51.000Z',
      nSat: 5,
      uSat: 3,
      pdop: 1.9,
      hdop: 1,
      vdop: 1.6,
      satellites: [
        { gnssid: 0, svid: 5, sigid: 1, el: 62, az: 87, ss: 44, used: true },
        { gnssid: 0, svid: 12, sigid: 1, el: 33, az: 210, ss: 39, used: true },
        { gnssid: 0, svid: 25, sigid: 1, el: 5, az: 310, used: false },
        { gnssid: 0, svid: 5, sigid: 6, el: 62, az: 87, ss: 41, used: true },
        { gnssid: 2, svid: 8, sigid: 7, el: 45, az: 120, ss: 40, used: true },
        { gnssid: 6, svid: 8, sigid: 1, el: 12, az: 15, ss: 22, used: false },
      ],
    });
  });

  it('a view that lost a sentence is no view', () => {
    const whole = [
      'GPGSV,3,1,09,1,1,1,1,2,1,1,1,3,1,1,1,4,1,1,1',
      'GPGSV,3,2,09,5,1,1,1,6,1,1,1,7,1,1,1,8,1,1,1',
      'GPGSV,3,3,09,9,1,1,1',
    ];
    expect(readings(sentences(RMC, ...whole), 'gnss.sky')).toMatchObject([{ nSat: 9 }]);
    expect(readings(sentences(RMC, whole[0] ?? '', whole[2] ?? ''), 'gnss.sky')).toEqual([]);
  });

  it('a view whose sentences are spread over epochs is whole when its last has come', () => {
    const stream = sentences(
      RMC,
      'GPGSV,2,1,05,1,1,1,1,2,1,1,1,3,1,1,1,4,1,1,1',
      RMC.replace('51.00', '52.00'),
      'GPGSV,2,2,05,5,1,1,1',
      RMC.replace('51.00', '53.00'),
    );
    expect(readings(stream, 'gnss.sky')).toMatchObject([{ nSat: 5, time: '2026-01-15T09:27:52.000Z' }]);
  });

  const numbers: readonly [talker: string, number: number, gnssid: number, svid: number][] = [
    ['GP', 32, 0, 32],
    ['GP', 33, 1, 120],
    ['GP', 138, 1, 138],
    ['GP', 193, 5, 1],
    ['GL', 65, 6, 1],
    ['GN', 88, 6, 24],
    ['GA', 36, 2, 36],
    ['GN', 303, 2, 3],
    ['GB', 19, 3, 19],
    ['BD', 219, 3, 19],
    ['GB', 401, 3, 1],
    ['GQ', 3, 5, 3],
    ['QZ', 195, 5, 3],
    ['GI', 7, 7, 7],
  ];
  it.each(numbers)('%s satellite %i is number %i, %i', (talker, number, gnssid, svid) => {
    const [sky] = readings(sentences(RMC, `${talker}GSV,1,1,01,${number},10,20,30`), 'gnss.sky');
    expect(sky?.['satellites']).toEqual([{ gnssid, svid, el: 10, az: 20, ss: 30, used: false }]);
  });
});

describe('sentences are counted by name', () => {
  it('decoded, proprietary, encapsulated and unknown ones', () => {
    const { stats } = decode(
      bytes(
        sentences(
          RMC,
          'GNRMC,,V,,,,,,,,,,N',
          'PUBX,00,1',
          'PUBX,04,1',
          'PGRME,1,M',
          'APXDR,C,1',
          'GPGGK',
          'PMTK001,604,3',
        ),
        nmea('AIVDM,1,1,,B,1,0', '!'),
      ),
    );
    expect(stats.messages).toEqual({
      RMC: 2,
      'PUBX,00': 1,
      'PUBX,04': 1,
      PGRME: 1,
      XDR: 1,
      GGK: 1,
      PMTK001: 1,
      VDM: 1,
    });
    expect(stats.frames).toEqual({ nmea: 9, ubx: 0, rtcm3: 0 });
  });
});
