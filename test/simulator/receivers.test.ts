import { describe, expect, it } from 'vitest';
import { checkRanges, KINDS, type Observation, unpackRecords } from '../../daemon/readings/index.ts';
import { createReceiver, Track } from '../../daemon/simulator/index.ts';
import { createDecoder } from '../support/decoders.ts';

/** Begins shortly before midnight at a month's end, so that every field of a date turns over. */
const START = Date.UTC(2026, 3, 30, 23, 59, 30);
const SEED = 5;

function bytesOf(model: 'nmea' | 'ublox', rateHz: number, epochs: number): Uint8Array {
  const track = new Track({ start: START, seed: SEED });
  const receiver = createReceiver(model, rateHz, SEED);
  const parts = Array.from({ length: epochs }, (_, index) => {
    const ms = (index * 1_000) / rateHz;
    return receiver.epoch(track.at(ms), ms, index);
  });
  return Buffer.concat(parts);
}

function decode(bytes: Uint8Array) {
  const decoder = createDecoder({ name: 'gnss' }, { referenceTime: START });
  if (decoder === undefined) throw new Error('no protocol gnss');
  const observations: Observation[] = [];
  for (let offset = 0; offset < bytes.length; offset += 61) {
    observations.push(...decoder.push(bytes.subarray(offset, offset + 61), START));
  }
  observations.push(...decoder.end(START));
  return { observations, stats: decoder.stats };
}

const ofKind = <K extends Observation['kind']>(observations: Observation[], kind: K) =>
  observations.filter((observation): observation is Extract<Observation, { kind: K }> => observation.kind === kind);

const turn = (a: number, b: number): number => Math.abs(((a - b + 540) % 360) - 180);

describe('the simulated NMEA receiver', () => {
  it('sends sentences with valid checksums, none longer than the standard allows', () => {
    const sentences = Buffer.from(bytesOf('nmea', 1, 120))
      .toString('latin1')
      .split('\r\n')
      .slice(0, -1);
    const names = new Set<string>();
    for (const sentence of sentences) {
      const match = /^\$(?<body>[^*]+)\*(?<sum>[0-9A-F]{2})$/.exec(sentence);
      const body = match?.groups?.['body'] ?? '';
      const sum = Buffer.from(body).reduce((before, byte) => before ^ byte, 0);
      expect(match?.groups?.['sum'], sentence).toBe(sum.toString(16).toUpperCase().padStart(2, '0'));
      expect(sentence.length, sentence).toBeLessThanOrEqual(80);
      names.add(body.slice(0, 5));
    }
    expect([...names].sort()).toEqual(['GLGSV', 'GNGGA', 'GNGSA', 'GNRMC', 'GNVTG', 'GPGSV']);
  });

  it('fits a line of 9600 baud once a second', () => {
    expect(bytesOf('nmea', 1, 60).length / 60).toBeLessThan(900);
  });

  it('decodes to the track that it drove, within the resolution of NMEA', () => {
    const { observations, stats } = decode(bytesOf('nmea', 1, 300));
    const track = new Track({ start: START, seed: SEED });
    const fixes = ofKind(observations, 'gnss.fix');
    expect(stats.noise).toEqual({});
    expect(fixes).toHaveLength(300);
    for (const [index, { fields }] of fixes.entries()) {
      const truth = track.at(index * 1_000);
      expect(fields.time).toBe(truth.time);
      expect(KINDS['gnss.fix'].fields.mode.names?.[fields.mode]).toBe('3D');
      expect(Math.abs((fields.lat ?? 0) / 1e7 - truth.lat)).toBeLessThan(1.5e-7);
      expect(Math.abs((fields.lon ?? 0) / 1e7 - truth.lon)).toBeLessThan(1.5e-7);
      expect(Math.abs((fields.altMSL ?? 0) / 1e3 - truth.altMSL)).toBeLessThanOrEqual(0.051);
      expect(Math.abs((fields.speed ?? 0) / 1e3 - truth.speed)).toBeLessThan(0.002);
      expect(turn((fields.track ?? 0) / 1e5, truth.track)).toBeLessThan(0.006);
    }
  });
});

describe('the simulated u-blox receiver', () => {
  const { observations, stats } = decode(bytesOf('ublox', 10, 600));
  const track = new Track({ start: START, seed: SEED });

  it('sends nothing but the messages of its model', () => {
    expect(stats.noise).toEqual({});
    expect(stats.messages).toMatchObject({
      'NAV-PVT': 600,
      'ESF-RAW': 600,
      'ESF-MEAS': 600,
      'NAV-SAT': 60,
      'NAV-DOP': 60,
      'MON-RF': 60,
      'SEC-SIG': 60,
    });
  });

  it('decodes to the track that it drove, within the resolution of UBX', () => {
    const fixes = ofKind(observations, 'gnss.fix');
    expect(fixes).toHaveLength(600);
    for (const [index, { fields }] of fixes.entries()) {
      const truth = track.at(index * 100);
      expect(fields.time).toBe(truth.time);
      expect(fields.lat).toBe(Math.round(truth.lat * 1e7));
      expect(fields.lon).toBe(Math.round(truth.lon * 1e7));
      expect(fields.altHAE).toBe(Math.round(truth.altHAE * 1e3));
      expect(fields.altMSL).toBe(Math.round(truth.altMSL * 1e3));
      expect(fields.speed).toBe(Math.round(truth.speed * 1e3));
      expect(turn((fields.track ?? 0) / 1e5, truth.track)).toBeLessThan(2e-5);
      expect(Math.abs((fields.climb ?? 0) / 1e3 - truth.climb)).toBeLessThan(0.001);
    }
  });

  it('says how the sky and the radio are', () => {
    const skies = ofKind(observations, 'gnss.sky');
    expect(skies.length).toBeGreaterThanOrEqual(60);
    for (const { fields } of skies.filter(({ fields: sky }) => sky.satellites !== undefined)) {
      const rows = unpackRecords(KINDS['gnss.sky'].fields.satellites, fields.satellites ?? new Uint8Array(0));
      expect(rows).toHaveLength(28);
    }
    expect(ofKind(observations, 'gnss.integrity').length).toBeGreaterThanOrEqual(60);
  });

  it('feels what the vehicle does', () => {
    const samples = ofKind(observations, 'imu.sample').filter(({ fields }) => fields.accZ !== undefined);
    expect(samples).toHaveLength(600);
    for (const [index, { fields }] of samples.entries()) {
      const truth = track.at(index * 100);
      const measured = [fields.accX, fields.accY, fields.accZ].map((value) => (value ?? 0) / 1e6);
      const rotation = [fields.gyroX, fields.gyroY, fields.gyroZ].map((value) => (value ?? 0) / 1e6);
      for (const axis of [0, 1, 2]) {
        expect(Math.abs((measured[axis] ?? 0) - (truth.acceleration[axis] ?? 0))).toBeLessThan(2 ** -10);
        expect(Math.abs((rotation[axis] ?? 0) - (truth.rotation[axis] ?? 0))).toBeLessThan(2 ** -12);
      }
    }
  });
});

describe.each([
  { model: 'nmea' as const, rateHz: 1 },
  { model: 'ublox' as const, rateHz: 10 },
])('the simulated $model receiver', ({ model, rateHz }) => {
  it('makes readings within the ranges of their kinds', () => {
    for (const { kind, fields } of decode(bytesOf(model, rateHz, 100)).observations) {
      expect(checkRanges(kind, fields), kind).toEqual([]);
    }
  });

  it('says the same for the same seed', () => {
    expect(bytesOf(model, rateHz, 50)).toEqual(bytesOf(model, rateHz, 50));
  });
});
