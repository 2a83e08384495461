import { describe, expect, it } from 'vitest';
import { decode, readings } from './decode.ts';
import { bytes, payload, pvt, rtcm3, rtcm3Message, ubx } from './encode.ts';

const ITOW = 379_671_250;
const UTC = Date.parse('2026-01-15T09:27:33.250Z');
const LAT = 533_613_367;
const LON = -65_056_183;
const PVT = pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON });
const NO_ESTIMATE = 0xffff_ffff;

const posllh = (hAcc = 1_500): Uint8Array =>
  ubx(
    0x01,
    0x02,
    payload(
      28,
      [0, 'u4', ITOW],
      [4, 'i4', LON],
      [8, 'i4', LAT],
      [12, 'i4', 461_300],
      [16, 'i4', 413_100],
      [20, 'u4', hAcc],
      [24, 'u4', 2_000],
    ),
  );
const status = (gpsFix: number, flags = 1, flags2 = 0): Uint8Array =>
  ubx(0x01, 0x03, payload(16, [0, 'u4', ITOW], [4, 'u1', gpsFix], [5, 'u1', flags], [7, 'u1', flags2]));
const timeutc = (valid = 7): Uint8Array =>
  ubx(
    0x01,
    0x21,
    payload(
      20,
      [0, 'u4', ITOW],
      [4, 'u4', 30],
      [8, 'i4', 250_000_000],
      [12, 'u2', 2026],
      [14, 'u1', 1],
      [15, 'u1', 15],
      [16, 'u1', 9],
      [17, 'u1', 27],
      [18, 'u1', 33],
      [19, 'u1', valid],
    ),
  );

describe('UBX messages become fixes', () => {
  it('NAV-PVT', () => {
    expect(readings(PVT, 'gnss.fix')).toEqual([
      {
        time: '2026-01-15T09:27:33.250Z',
        mode: 3,
        status: 1,
        lat: 53.3613367,
        lon: -6.5056183,
        altHAE: 461.3,
        altMSL: 413.1,
        speed: 5,
        track: 306.8699,
        climb: 0.25,
        eph: 1.2,
        epv: 1.9,
        eps: 0.12,
        epd: 2.3,
        ept: 2.5e-8,
        uSat: 14,
      },
    ]);
  });

  it('NAV-PVT with a valid declination', () => {
    const made = readings(pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, valid: 0x0f }), 'gnss.fix');
    expect(made).toMatchObject([{ magvar: 3.21 }]);
  });

  it('NAV-PVT of generation 7, which is 84 bytes long', () => {
    const short = ubx(0x01, 0x07, PVT.subarray(6, 90));
    expect(readings(short, 'gnss.fix')).toMatchObject([{ lat: 53.3613367 }]);
  });

  const kinds: readonly [name: string, fixType: number, flags: number, made: object | undefined][] = [
    ['none', 0, 1, undefined],
    ['dead reckoning', 1, 1, { mode: 3, status: 5 }],
    ['2D', 2, 1, { mode: 2, status: 1 }],
    ['3D', 3, 1, { mode: 3, status: 1 }],
    ['3D with corrections', 3, 3, { mode: 3, status: 2 }],
    ['3D, float', 3, 0x43, { mode: 3, status: 4 }],
    ['3D, fixed', 3, 0x83, { mode: 3, status: 3 }],
    ['GNSS and dead reckoning', 4, 1, { mode: 3, status: 6 }],
    ['time only', 5, 1, { mode: 3, status: 7 }],
    ['a type of the future', 9, 1, undefined],
  ];
  it.each(kinds)('fix type: %s', (_, fixType, flags, made) => {
    const fixes = readings(pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, fixType, flags }), 'gnss.fix');
    if (made === undefined) expect(fixes).toEqual([]);
    else expect(fixes).toMatchObject([made]);
  });

  it('a fix beyond the accuracy masks is a fix of unknown status', () => {
    const [fix] = readings(pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, flags: 0 }), 'gnss.fix');
    expect(fix).toMatchObject({ mode: 3 });
    expect(fix).not.toHaveProperty('status');
  });

  it('no fix of a position that the receiver calls invalid', () => {
    expect(readings(pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, flags3: 1 }), 'gnss.fix')).toEqual([]);
  });

  it('no fix of a PVT whose date is not valid, while no date is known', () => {
    const { observations, stats } = decode(pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, valid: 0 }));
    expect(observations.filter(({ kind }) => kind === 'gnss.fix')).toEqual([]);
    expect(stats.undated).toBe(1);
  });

  it('NAV-POSLLH, NAV-STATUS, NAV-VELNED and NAV-TIMEUTC of one epoch', () => {
    const velned = ubx(
      0x01,
      0x12,
      payload(
        36,
        [0, 'u4', ITOW],
        [12, 'i4', 12],
        [16, 'u4', 105],
        [20, 'u4', 104],
        [24, 'i4', 9_000_000],
        [28, 'u4', 31],
        [32, 'u4', 50_000],
      ),
    );
    expect(readings(bytes(posllh(), status(3), velned, timeutc()), 'gnss.fix')).toEqual([
      {
        time: '2026-01-15T09:27:33.250Z',
        mode: 3,
        status: 1,
        lat: 53.3613367,
        lon: -6.5056183,
        altHAE: 461.3,
        altMSL: 413.1,
        speed: 1.04,
        track: 90,
        climb: -0.12,
        eph: 1.5,
        epv: 2,
        eps: 0.31,
        epd: 0.5,
        ept: 3e-8,
      },
    ]);
  });

  it('no fix where NAV-STATUS knows none, or NAV-POSLLH has no estimate', () => {
    expect(readings(bytes(posllh(), status(0), timeutc()), 'gnss.fix')).toEqual([]);
    expect(readings(bytes(posllh(NO_ESTIMATE), timeutc()), 'gnss.fix')).toEqual([]);
  });

  it('NAV-HPPOSLLH refines NAV-PVT, in either order', () => {
    const hp = ubx(
      0x01,
      0x14,
      payload(
        36,
        [4, 'u4', ITOW],
        [8, 'i4', LON],
        [12, 'i4', LAT],
        [16, 'i4', 461_300],
        [20, 'i4', 413_100],
        [24, 'i1', -60],
        [25, 'i1', 51],
        [26, 'i1', 7],
        [27, 'i1', -8],
        [28, 'u4', 141],
        [32, 'u4', 99],
      ),
    );
    const refined = { lat: 53.3613368, lon: -6.5056184, altHAE: 461.301, altMSL: 413.099 };
    expect(readings(bytes(PVT, hp), 'gnss.fix')).toMatchObject([{ ...refined, eph: 0.014, epv: 0.01 }]);
    expect(readings(bytes(hp, PVT), 'gnss.fix')).toMatchObject([{ lat: refined.lat, lon: refined.lon }]);
  });

  it('NAV-SOL, by its week and its earth-centred coordinates', () => {
    const sol = ubx(
      0x01,
      0x06,
      payload(
        52,
        [0, 'u4', ITOW],
        [8, 'i2', 1516],
        [10, 'u1', 3],
        [11, 'u1', 0x0d],
        [12, 'i4', -151_029_952],
        [16, 'i4', -348_349_794],
        [20, 'i4', 510_853_323],
        [44, 'u2', 242],
        [47, 'u1', 8],
      ),
    );
    expect(readings(sol, 'gnss.fix', Date.parse('2009-02-01'))).toEqual([
      {
        time: '2009-01-29T09:27:36.250Z',
        mode: 3,
        status: 1,
        lat: 53.5632563,
        lon: -113.4395449,
        altHAE: 635.459,
        uSat: 8,
      },
    ]);
    const sat = ubx(0x01, 0x35, payload(8, [0, 'u4', ITOW], [4, 'u1', 1]));
    expect(readings(bytes(sol, sat), 'gnss.sky', Date.parse('2009-02-01'))).toMatchObject([{ nSat: 0, pdop: 2.42 }]);
  });

  it('NAV-TIMEGPS tells the week where nothing else does', () => {
    const timegps = ubx(0x01, 0x20, payload(16, [0, 'u4', ITOW], [8, 'i2', 2401], [10, 'i1', 18], [11, 'u1', 7]));
    const undatedPvt = pvt({ iTOW: ITOW, utc: UTC, lat: LAT, lon: LON, valid: 0 });
    expect(readings(bytes(undatedPvt, timegps), 'gnss.fix')).toMatchObject([{ time: '2026-01-15T09:27:33.250Z' }]);
  });

  it('NAV-EOE closes the epoch without waiting for the next', () => {
    const eoe = ubx(0x01, 0x61, payload(4, [0, 'u4', ITOW]));
    const decoded = decode(bytes(PVT, eoe, PVT.subarray(0, 20)));
    expect(decoded.observations.map(({ kind }) => kind)).toEqual(['gnss.fix']);
  });

  it('a payload shorter than its message says is counted and not decoded', () => {
    const { observations, stats } = decode(ubx(0x01, 0x07, new Uint8Array(40)));
    expect(observations).toEqual([]);
    expect(stats.messages).toEqual({ 'NAV-PVT': 1 });
  });
});

describe('UBX messages become sky views', () => {
  it('NAV-SAT and NAV-DOP', () => {
    const sat = ubx(
      0x01,
      0x35,
      payload(
        32,
        [0, 'u4', ITOW],
        [4, 'u1', 1],
        [5, 'u1', 2],
        [8, 'u1', 2],
        [9, 'u1', 11],
        [10, 'u1', 41],
        [11, 'i1', 55],
        [12, 'i2', 301],
        [16, 'u4', 0x1f],
        [20, 'u1', 6],
        [21, 'u1', 255],
        [22, 'u1', 0],
        [23, 'i1', -91],
        [24, 'i2', 0],
      ),
    );
    const dop = ubx(
      0x01,
      0x04,
      payload(18, [0, 'u4', ITOW], [4, 'u2', 190], [6, 'u2', 160], [8, 'u2', 90], [10, 'u2', 140], [12, 'u2', 9_999]),
    );
    expect(readings(bytes(PVT, sat, dop), 'gnss.sky')).toEqual([
      {
        time: '2026-01-15T09:27:33.250Z',
        nSat: 2,
        uSat: 1,
        gdop: 1.9,
        pdop: 1.6,
        vdop: 1.4,
        tdop: 0.9,
        satellites: [
          { gnssid: 2, svid: 11, el: 55, az: 301, ss: 41, used: true },
          { gnssid: 6, svid: 255, az: 0, ss: 0, used: false },
        ],
      },
    ]);
  });

  it('none of the PDOP alone that each NAV-PVT has, unless the receiver tells no satellites', () => {
    const sat = ubx(0x01, 0x35, payload(20, [0, 'u4', ITOW], [5, 'u1', 1], [9, 'u1', 11], [10, 'u1', 30]));
    const at = (ms: number) => pvt({ iTOW: ITOW + ms, utc: UTC + ms, lat: LAT, lon: LON });
    const soon = [250, 500, 750].map(at);
    expect(readings(bytes(PVT, sat, ...soon), 'gnss.sky')).toMatchObject([{ nSat: 1, satellites: [{ svid: 11 }] }]);
    expect(readings(bytes(PVT, ...soon), 'gnss.sky')).toEqual([]);
    expect(readings(bytes(PVT, ...soon, at(15_000)), 'gnss.sky')).toEqual([
      { time: '2026-01-15T09:27:48.250Z', pdop: expect.any(Number) },
    ]);
  });

  it('a constellation that has no number yet is not known', () => {
    const sat = ubx(0x01, 0x35, payload(20, [0, 'u4', ITOW], [5, 'u1', 1], [8, 'u1', 9], [9, 'u1', 4], [10, 'u1', 30]));
    const [sky] = readings(sat, 'gnss.sky');
    expect(sky?.['satellites']).toEqual([{ svid: 4, el: 0, az: 0, ss: 30, used: false }]);
  });

  const numbers: readonly [svid: number, made: readonly [gnssid: number, svid: number] | undefined][] = [
    [32, [0, 32]],
    [33, [3, 6]],
    [64, [3, 37]],
    [65, [6, 1]],
    [120, [1, 120]],
    [159, [3, 1]],
    [163, [3, 5]],
    [193, [5, 1]],
    [211, [2, 1]],
    [255, undefined],
  ];
  it.each(numbers)('NAV-SVINFO satellite %i', (svid, made) => {
    const svinfo = ubx(
      0x01,
      0x30,
      payload(
        20,
        [0, 'u4', ITOW],
        [4, 'u1', 1],
        [9, 'u1', svid],
        [10, 'u1', 1],
        [12, 'u1', 33],
        [13, 'i1', 20],
        [14, 'i2', 90],
      ),
    );
    const [sky] = readings(svinfo, 'gnss.sky');
    const rows = made === undefined ? [] : [{ gnssid: made[0], svid: made[1], el: 20, az: 90, ss: 33, used: true }];
    expect(sky?.['satellites']).toEqual(rows);
  });
});

describe('UBX messages become integrity readings', () => {
  const monRf = (...jamming: readonly number[]): Uint8Array =>
    ubx(
      0x0a,
      0x38,
      bytes(
        [0, jamming.length, 0, 0],
        ...jamming.map((state, block) =>
          payload(
            24,
            [0, 'u1', block],
            [1, 'u1', state],
            [2, 'u1', 2],
            [3, 'u1', 1],
            [12, 'u2', 91],
            [14, 'u2', 5_300],
            [16, 'u1', 12],
          ),
        ),
      ),
    );
  const row = (block: number, jamming: number): object => ({
    block,
    jamming,
    antenna: 2,
    power: 1,
    noise: 91,
    agc: 5_300,
    cw: 12,
  });

  it('MON-RF: the worst of all blocks', () => {
    expect(readings(bytes(PVT, monRf(1, 2)), 'gnss.integrity')).toEqual([
      { time: '2026-01-15T09:27:33.250Z', jamming: 2, rf: [row(0, 1), row(1, 2)] },
    ]);
  });

  it('MON-RF alone, each with its state', () => {
    expect(readings(bytes(monRf(1), monRf(3)), 'gnss.integrity')).toEqual([
      { jamming: 1, rf: [row(0, 1)] },
      { jamming: 3, rf: [row(0, 3)] },
    ]);
  });

  it.each([
    [60, 45],
    [68, 53],
  ])('MON-HW of %i bytes', (length, cwOffset) => {
    const hw = payload(
      length,
      [16, 'u2', 88],
      [18, 'u2', 4_000],
      [20, 'u1', 4],
      [21, 'u1', 0],
      [22, 'u1', 0x0d],
      [cwOffset, 'u1', 7],
    );
    expect(readings(ubx(0x0a, 0x09, hw), 'gnss.integrity')).toEqual([
      { jamming: 3, rf: [{ block: 0, jamming: 3, antenna: 4, power: 0, noise: 88, agc: 4_000, cw: 7 }] },
    ]);
  });

  const secSig: readonly [name: string, payload: Uint8Array, made: readonly object[]][] = [
    ['version 1', payload(12, [0, 'u1', 1], [4, 'u1', 0x05], [8, 'u1', 0x07]), [{ jamming: 2, spoofing: 3 }]],
    ['version 2', payload(8, [0, 'u1', 2], [1, 'u1', 0x2b], [3, 'u1', 1]), [{ jamming: 1, spoofing: 2 }]],
    ['version 3', payload(4, [0, 'u1', 3], [1, 'u1', 0x19]), [{ jamming: 0, spoofing: 1 }]],
    ['with detection disabled', payload(4, [0, 'u1', 2], [1, 'u1', 0x26]), []],
  ];
  it.each(secSig)('SEC-SIG %s', (_, body, made) => {
    expect(readings(ubx(0x27, 0x09, body), 'gnss.integrity')).toEqual(made);
  });

  it('NAV-STATUS: the state of spoofing detection', () => {
    expect(readings(status(3, 1, 0x10), 'gnss.integrity')).toEqual([{ spoofing: 2 }]);
    expect(readings(status(3, 1, 0), 'gnss.integrity')).toEqual([]);
  });
});

describe('UBX messages become inertial samples', () => {
  const word = (type: number, value: number): number => ((type << 24) | (value & 0xff_ffff)) >>> 0;

  it('ESF-MEAS', () => {
    const meas = payload(
      8 + 9 * 4,
      [0, 'u4', 16_969_412],
      [4, 'u2', 9 << 11],
      [8, 'u4', word(16, 48)],
      [12, 'u4', word(17, -1_024)],
      [16, 'u4', word(18, 10_276)],
      [20, 'u4', word(14, -443)],
      [24, 'u4', word(13, 4_096)],
      [28, 'u4', word(5, -1)],
      [32, 'u4', word(12, 2_481)],
      [36, 'u4', word(11, -1_250)],
      [40, 'u4', word(10, 0x80_0007)],
    );
    expect(readings(ubx(0x10, 0x02, meas), 'imu.sample')).toEqual([
      {
        timeTag: 16_969.412,
        accX: 0.046875,
        accY: -1,
        accZ: 10.035156,
        gyroX: -0.108154,
        gyroY: 1,
        gyroZ: -0.000244,
        temperature: 24.81,
        wheelSpeed: -1.25,
        wheelTicks: -7,
      },
    ]);
  });

  it('ESF-RAW: a sample for each time tag', () => {
    const raw = payload(
      4 + 3 * 8,
      [4, 'u4', word(16, 1_024)],
      [8, 'u4', 25_600],
      [12, 'u4', word(5, 4_096)],
      [16, 'u4', 25_600],
      [20, 'u4', word(16, 2_048)],
      [24, 'u4', 25_856],
    );
    expect(readings(ubx(0x10, 0x03, raw), 'imu.sample')).toEqual([
      { timeTag: 1, accX: 1, gyroZ: 1 },
      { timeTag: 1.01, accX: 2 },
    ]);
  });

  it('types that no field is for make no sample', () => {
    expect(readings(ubx(0x10, 0x02, payload(12, [4, 'u2', 1 << 11], [8, 'u4', word(6, 5)])), 'imu.sample')).toEqual([]);
  });
});

describe('binary messages are counted by name', () => {
  it('UBX and RTCM3', () => {
    const { stats } = decode(
      bytes(
        ubx(0x02, 0x15, new Uint8Array(48)),
        ubx(0x01, 0x7f, []),
        ubx(0x77, 0x01, []),
        rtcm3Message(1077, 7, 20),
        rtcm3Message(1019, 5, 20),
        rtcm3Message(1005, 4_095, 20),
        rtcm3([]),
      ),
    );
    expect(stats.messages).toEqual({
      'RXM-RAWX': 1,
      'NAV-7F': 1,
      '77-01': 1,
      'RTCM-1077': 1,
      'RTCM-station-7': 1,
      'RTCM-1019': 1,
      'RTCM-1005': 1,
      'RTCM-station-4095': 1,
      'RTCM-empty': 1,
    });
    expect(stats.frames).toEqual({ nmea: 0, ubx: 3, rtcm3: 4 });
  });
});
