import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import { checkRanges, type JsonValue, type Observation } from '../../../daemon/readings/index.ts';
import { CORPORA, hasCorpus } from './corpora.ts';
import { decode, REFERENCE, readings } from './decode.ts';
import { bytes, pvt, rtcm3 } from './encode.ts';
import { glonass, mask, msm, pack, stationMessage, timeOfWeek } from './rtcm3-encode.ts';

/** The reference is a Thursday; GPS is 18 s ahead of UTC. */
const NOON = 4 * 86_400_000 + 12 * 3_600_000;
const GPS_NOON = timeOfWeek(NOON + 18_000);

describe('a reference station', () => {
  it('tells its position in the frame that RTCM 10403.3 prints as its example', () => {
    const frame = Buffer.from('d300133ed7d30202980edeef34b4bd62ac0941986f33360b98', 'hex');
    expect(readings(frame, 'rtcm.station')).toEqual([
      { station: 2_003, message: 1_005, x: 1_114_104.5999, y: -4_850_729.7108, z: 3_975_521.4643, itrf: 0 },
    ]);
  });

  it.each([
    ['1005', stationMessage(1005, [-137_438_953_472, 137_438_953_471, -1]), {}],
    ['1006', stationMessage(1006, [-137_438_953_472, 137_438_953_471, -1], 65_535), { antennaHeight: 6.5535 }],
  ])('tells its position to the last of its 38 bits in %s', (message, frame, more) => {
    expect(readings(frame, 'rtcm.station')).toEqual([
      {
        station: 2_003,
        message: Number(message),
        x: -13_743_895.3472,
        y: 13_743_895.3471,
        z: -0.0001,
        itrf: 14,
        ...more,
      },
    ]);
  });

  it.each([
    ['at the centre of the earth has none', stationMessage(1005, [0, 0, 0])],
    ['of a 1005 that is too short has none', rtcm3(pack([1005, 12], [1, 12], [-1, 120]))],
    ['of a 1006 without its height has none', rtcm3(pack([1006, 12], [1, 12], [-1, 128]))],
  ])('%s', (_, frame) => {
    const { observations, stats } = decode(frame);
    expect(observations).toEqual([]);
    expect(stats.frames).toEqual({ nmea: 0, ubx: 0, rtcm3: 1 });
    expect(stats.noise).toEqual({});
  });
});

describe('an MSM message', () => {
  const strengths4 = { cnrMean: 45, cnrMin: 40, cnrMax: 50 };
  const strengths7 = { cnrMean: 2.81, cnrMin: 2.5, cnrMax: 3.13 };

  it.each([
    [1, {}],
    [2, {}],
    [3, {}],
    [4, strengths4],
    [5, strengths4],
    [6, strengths7],
    [7, strengths7],
  ])('of type MSM%d is summed up', (type, strengths) => {
    expect(readings(msm({ number: 1070 + type, time: GPS_NOON }), 'rtcm.epoch')).toEqual([
      {
        station: 7,
        time: '2026-01-15T12:00:00.000Z',
        satellites: 2,
        signals: 3,
        messages: [{ message: 1070 + type, satellites: 2, signals: 2, cells: 3, ...strengths }],
      },
    ]);
  });

  it.each([
    ['GPS', 1074, GPS_NOON],
    ['GLONASS', 1084, glonass(4, 15 * 3_600_000)],
    ['GLONASS without its day', 1087, glonass(7, 15 * 3_600_000)],
    ['Galileo', 1094, GPS_NOON],
    ['SBAS', 1104, GPS_NOON],
    ['QZSS', 1114, GPS_NOON],
    ['BeiDou', 1124, timeOfWeek(NOON + 4_000)],
    ['NavIC', 1137, GPS_NOON],
  ])('of %s tells its epoch in UTC', (_, number, time) => {
    expect(readings(msm({ number, time }), 'rtcm.epoch')).toMatchObject([{ time: '2026-01-15T12:00:00.000Z' }]);
  });

  it.each([
    ['a GPS week that has just begun', 1077, timeOfWeek(0), '2026-01-17T23:59:42.000Z'],
    ['the last second of a BeiDou week', 1127, timeOfWeek(604_799_999), '2026-01-17T23:59:55.999Z'],
    ['a GLONASS day that begins in the evening', 1087, glonass(0, 0), '2026-01-17T21:00:00.000Z'],
    ['the last day of the week', 1077, timeOfWeek(518_400_000 + 18_000), '2026-01-17T00:00:00.000Z'],
  ])('resolves %s to the nearest', (_, number, time, expected) => {
    expect(readings(msm({ number, time }), 'rtcm.epoch')).toMatchObject([{ time: expected }]);
  });

  it.each([
    ['GPS', 1077, timeOfWeek(604_800_000)],
    ['GLONASS', 1087, glonass(1, 86_401_000)],
    ['BeiDou', 1127, timeOfWeek(700_000_000)],
  ])('of %s has no time where it tells none that there is', (_, number, time) => {
    const [epoch] = readings(msm({ number, time }), 'rtcm.epoch');
    expect(epoch).toMatchObject({ station: 7, satellites: 2 });
    expect(epoch).not.toHaveProperty('time');
  });

  it('takes the week from a fix of the same receiver', () => {
    const utc = Date.parse('2027-06-03T12:00:00.000Z');
    const stream = bytes(pvt({ iTOW: NOON + 18_000, utc, lat: 1, lon: 1 }), msm({ number: 1077, time: GPS_NOON }));
    expect(readings(stream, 'rtcm.epoch')).toMatchObject([{ time: '2027-06-03T12:00:00.000Z' }]);
  });

  it.each([
    ['1013', [[18, 8]]],
    ['1029', [[0, 16]]],
  ] as const)('takes the week from the date of %s', (number, rest) => {
    const date = rtcm3(pack([Number(number), 12], [7, 12], [61_559, 16], [43_200, 17], ...rest));
    expect(readings(bytes(date, msm({ number: 1077, time: GPS_NOON })), 'rtcm.epoch')).toMatchObject([
      { time: '2027-06-03T12:00:00.000Z' },
    ]);
  });

  it('takes the week from the time of arrival of a live port', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    const arrival = Date.parse('2026-09-10T12:00:00.200Z');
    const [epoch] = decoder.push(msm({ number: 1077, time: GPS_NOON }), arrival);
    expect(epoch).toMatchObject({
      kind: 'rtcm.epoch',
      t: arrival,
      fields: { time: Date.parse('2026-09-10T12:00:00Z') },
    });
  });

  it.each([
    ['without its header', pack([1077, 12], [7, 12], [0, 100])],
    ['without its data', msm({ number: 1077, time: GPS_NOON }).subarray(3, -4)],
    [
      'of more than 64 cells',
      pack([1077, 12], [7, 12], [0, 49], [mask(64, [1, 2, 3, 4, 5]), 64], [-1, 32], [0, 8_000]),
    ],
  ])('%s is counted and gives no reading', (_, message) => {
    const { observations, stats } = decode(rtcm3(message.subarray(0, 1_023)));
    expect(observations).toEqual([]);
    expect(stats.messages).toEqual({ 'RTCM-1077': 1, 'RTCM-station-7': 1 });
  });
});

describe('the epoch of a reference station', () => {
  const gps = (more: boolean, time = GPS_NOON) => msm({ number: 1077, time, more });
  const galileo = (more: boolean, station = 7) => msm({ number: 1097, time: GPS_NOON, more, station });
  const counts = (stream: Uint8Array): JsonValue[] =>
    readings(stream, 'rtcm.epoch').map(({ messages }) => (Array.isArray(messages) ? messages.length : -1));

  it.each([
    ['holds the messages up to the one that closes it', bytes(gps(true), galileo(false), gps(false)), [2, 1]],
    [
      'ends with its time where the closing one is lost',
      bytes(gps(true), gps(true, timeOfWeek(NOON + 19_000))),
      [1, 1],
    ],
    ['ends with its station', bytes(gps(true), galileo(true, 8)), [1, 1]],
    ['never holds more messages than a reading can', bytes(...Array.from({ length: 40 }, () => gps(true))), [32, 8]],
  ])('%s', (_, stream, expected) => {
    expect(counts(stream)).toEqual(expected);
  });

  it('ends when the line goes quiet', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    expect(decoder.push(gps(true), 1)).toEqual([]);
    expect(decoder.quiet(2)).toMatchObject([{ kind: 'rtcm.epoch', t: 1 }]);
  });

  it('tells the mask of the GLONASS biases once', () => {
    const biases = rtcm3(pack([1230, 12], [7, 12], [1, 1], [0, 3], [0b1010, 4], [0, 32]));
    const masks = readings(bytes(biases, gps(false), gps(false)), 'rtcm.epoch').map((epoch) => epoch['glonassBiases']);
    expect(masks).toEqual([10, undefined]);
  });
});

it("u-blox's own message is counted by its subtype", () => {
  const stream = bytes(
    rtcm3(pack([4072, 12], [1, 12])),
    rtcm3(pack([4072, 12], [0, 12], [0, 80])),
    rtcm3([0xfe, 0x80]),
  );
  expect(decode(stream).stats.messages).toEqual({ 'RTCM-4072.1': 1, 'RTCM-4072.0': 1, 'RTCM-4072': 1 });
});

describe('any RTCM3 message', () => {
  const number = fc.constantFrom(1005, 1006, 1013, 1029, 1071, 1074, 1077, 1084, 1087, 1124, 1137, 1230, 4072, 4095);
  const message = fc
    .tuple(number, fc.uint8Array({ maxLength: 400 }), fc.boolean())
    .map(([first, rest, sparse]) =>
      rtcm3(bytes(pack([first, 12], [9, 4]), sparse ? rest.map((byte, at) => (at > 7 && at % 5 ? 0 : byte)) : rest)),
    );

  it('makes readings within their bounds, the same of any chunks', () => {
    const run = (stream: Uint8Array, chunk: number): Observation[] => decode(stream, { chunk }).observations;
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.integer({ min: 1, max: 90 }), (messages, chunk) => {
        const stream = bytes(...messages);
        const observations = run(stream, 4_096);
        expect(observations.flatMap(({ kind, fields }) => checkRanges(kind, fields))).toEqual([]);
        expect(run(stream, chunk)).toEqual(observations);
      }),
      { numRuns: 300 },
    );
  });
});

const has = hasCorpus('gpsd');
describe.skipIf(!has)(
  `recordings whose RTCM3 gpsd decodes${has ? '' : ' (skipped: the recordings are not here)'}`,
  () => {
    interface Report {
      readonly class: string;
      readonly type: number;
      readonly [name: string]: JsonValue;
    }
    const report = (name: string): Report[] =>
      readFileSync(join(CORPORA, 'gpsd', `${name}.expected.jsonl`), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"class":"RTCM3"'))
        // Masks have 64 bits, more than a number: as text.
        .map((line): Report => JSON.parse(line.replace(/"(Mask\w+)":(\d+)/g, '"$1":"$2"')));
    const recording = (name: string): Uint8Array => readFileSync(join(CORPORA, 'gpsd', `${name}.bin`));
    const ones = (bits: JsonValue | undefined): number => [...BigInt(String(bits)).toString(2)].filter(Number).length;

    it('have the stations where gpsd puts them', () => {
      const expected = report('rtcm3.bndm').filter(({ type }) => type === 1005 || type === 1006);
      const stations = readings(recording('rtcm3.bndm'), 'rtcm.station');
      expect(expected.length).toBe(8);
      expect(stations.map(({ station, message, x, y, z }) => ({ station, message, x, y, z }))).toEqual(
        expected.map(({ station_id, type, x, y, z }) => ({ station: station_id, message: type, x, y, z })),
      );
    });

    it.each([
      ['rtcm3.2', 95, '2016-04-06'],
      ['ublox-f9p-rtcm', 4, '2022-05-24'],
    ])('%s has the satellites, signals and cells that gpsd counts', (name, messages, date) => {
      const expected = report(name).filter(({ subtype }) => String(subtype).startsWith('MSM'));
      const epochs = readings(recording(name), 'rtcm.epoch', Date.parse(date));
      const rows = epochs.flatMap((epoch) => (Array.isArray(epoch['messages']) ? epoch['messages'] : []));
      expect(expected.length).toBe(messages);
      expect(rows).toMatchObject(
        expected.map(({ type, NSat, NSig, MaskCell }) => ({
          message: type,
          satellites: NSat,
          signals: NSig,
          cells: ones(MaskCell),
        })),
      );
      for (const { time } of epochs) expect(String(time).startsWith(date)).toBe(true);
    });
  },
);
