import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import { gnss } from '../../../daemon/protocols/gnss/index.ts';
import type { ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { checkRanges, type Observation, readingToJson } from '../../../daemon/readings/index.ts';
import { decode, REFERENCE } from './decode.ts';
import { bytes, nmea } from './encode.ts';

interface Sample {
  readonly [axis: string]: unknown;
}

function samples(lines: string, settings: ProtocolSettings = {}): Sample[] {
  const decoder = new GnssDecoder({ referenceTime: REFERENCE, settings });
  return [...decoder.push(bytes(lines), 5), ...decoder.end(6)].map((observation) => {
    const { kind, ...sample } = readingToJson(observation);
    expect(kind).toBe('imu.sample');
    return sample;
  });
}

const sample = (accX: number, accY: number, accZ: number): Sample => ({ accX, accY, accZ });

describe("a dashcam's accelerometer", () => {
  const cases: readonly [name: string, lines: string, settings: ProtocolSettings, expected: readonly Sample[]][] = [
    ['in g', '$GSENSORD,1.000,-0.5,+0.001\r\n', {}, [sample(9.80665, -4.903325, 0.009807)]],
    ['in g, with further fields', '$GSENSORD,0.000,0.000,1.000,[0.1,0.2,0.3][0]\r\n', {}, [sample(0, 0, 9.80665)]],
    ['in g without the D', '$GSENSOR,0.0,0.0,-1.0\r\n', {}, [sample(0, 0, -9.80665)]],
    [
      'in g, whatever is said of counts',
      '$GSENSORD,1.0,0.0,0.0\n',
      { gsensorScale: 64, gsensorOffset: 5 },
      [sample(9.80665, 0, 0)],
    ],
    ['in counts of 1/256 g', '$GSENSOR,256,128,0\r\n', {}, [sample(9.80665, 4.903325, 0)]],
    [
      'in counts of a scale',
      '$GSENSOR,-50,-384,998\r\n',
      { gsensorScale: 1024 },
      [sample(-0.47884, -3.677494, 9.557653)],
    ],
    ['in wrapped counts of ten bits', '$GSENSOR,768,1023,511\r\n', {}, [sample(-9.80665, -0.038307, 19.574993)]],
    [
      'in counts with signs, from the first minus on',
      '$GSENSOR,-1,0,768\r\n$GSENSOR,0,0,768\r\n',
      {},
      [sample(-0.038307, 0, 29.41995), sample(0, 0, 29.41995)],
    ],
    ['in counts that never wrap', '$GSENSOR,0,0,768\r\n', { gsensorWrap: 'never' }, [sample(0, 0, 29.41995)]],
    ['in counts around an offset', '$GSENSOR,512,768,256\r\n', { gsensorOffset: 512 }, [sample(0, 9.80665, -9.80665)]],
    [
      'in counts that always wrap',
      '$GSENSOR,-1,0,768\r\n',
      { gsensorWrap: 'always' },
      [sample(-0.038307, 0, -9.80665)],
    ],
  ];

  it.each(cases)('writes %s', (_, lines, settings, expected) => {
    expect(samples(lines, settings)).toEqual(expected);
  });

  it('is read between sentences, and is no noise', () => {
    const stream = bytes(nmea('GPVTG,,,,,,,,,N'), '$GSENSORD,0.060,0.120,-0.180\r\n', nmea('GPVTG,,,,,,,,,N'));
    const { observations, stats } = decode(stream);
    expect(observations.map(({ kind }) => kind)).toEqual(['imu.sample']);
    expect(stats).toMatchObject({
      frames: { nmea: 2, ubx: 0, rtcm3: 0, gsensor: 1 },
      messages: { VTG: 2, GSENSOR: 1 },
      noise: {},
      frameBytes: stream.length,
    });
  });

  it.each([
    '$GSENSORD,0.1,0.2\r\n',
    '$GSENSORD,0.1,,0.2\r\n',
    '$GSENSORD,0.1,0.2,0.3x\r\n',
    '$GSENSORD,0.1.2,0,0\r\n',
    '$GSENSORD,-,0,0\r\n',
    '$GSENSORS,1,2,3\r\n',
    '$GSENSOR,1234567890,0,0\r\n',
    '$GYRO,0.1,0.2,0.3\r\n',
    '$GPVTG,1,2,3\r\n',
  ])('is not %j, which is noise', (line) => {
    const { observations, stats } = decode(bytes(line));
    expect(observations).toEqual([]);
    expect(stats.noise).toEqual({ truncated: line.length - 2, sync: 2 });
  });

  it('gives no reading beyond the bounds of one', () => {
    const { observations, stats } = decode(bytes('$GSENSORD,999.0,0,0\r\n'));
    expect(observations).toEqual([]);
    expect(stats.messages).toEqual({ 'GSENSOR-out-of-range': 1 });
  });

  it('makes readings within their bounds of any numbers, the same of any chunks', () => {
    const number = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(3)),
      fc.integer({ min: -2_000, max: 2_000 }).map(String),
      fc.constantFrom('', '-', '1e5', '.5', '5.', ' 7', '+3'),
    );
    const line = fc.tuple(number, number, number).map((axes) => `$GSENSORD,${axes.join(',')}\r\n`);
    const run = (stream: Uint8Array, chunk: number): Observation[] => decode(stream, { chunk }).observations;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (lines, chunk) => {
        const stream = bytes(lines.join(''));
        const observations = run(stream, 4_096);
        expect(observations.flatMap(({ kind, fields }) => checkRanges(kind, fields))).toEqual([]);
        expect(run(stream, chunk)).toEqual(observations);
      }),
    );
  });

  it('has its settings told to profiles', () => {
    expect(Object.keys(gnss.settings ?? {})).toEqual(['gsensorScale', 'gsensorOffset', 'gsensorWrap']);
  });
});

describe('sentences of makers are counted by name', () => {
  it.each([
    [nmea('PQTMVERNO,LC29HEANR11A03S_RSA,2023/02/10,09:45:10'), 'PQTMVERNO'],
    [nmea('PQTMCFGMSGRATE,OK'), 'PQTMCFGMSGRATE'],
    [nmea('PAIR001,050,0'), 'PAIR001'],
    [nmea('PSSN,HRP,142506.00,130116'), 'PSSN,HRP'],
    [nmea('KSXT,20260115120000.00,8.5,47.4'), 'KSXT'],
    [bytes('$command,CONFIG,response: OK*54\r\n'), 'command'],
    [bytes('#MODE,97,GPS,FINE,2431,596371000,0,0,18,120;MODE ROVER SURVEY,*15\r\n'), 'MODE'],
  ])('%s', (sentence, name) => {
    const { observations, stats } = decode(sentence);
    expect(observations).toEqual([]);
    expect(stats).toMatchObject({ messages: { [name]: 1 }, noise: {}, frameBytes: sentence.length });
  });
});
