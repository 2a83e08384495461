import { describe, expect, it } from 'vitest';
import type { ProtocolSettings } from '../../daemon/protocols/index.ts';
import { checkRanges, readingToJson } from '../../daemon/readings/index.ts';
import { AtModem, type ModemDialect } from '../../daemon/simulator/at-modem.ts';
import { BeastReceiver } from '../../daemon/simulator/beast-receiver.ts';
import type { Device } from '../../daemon/simulator/device.ts';
import { GnssDevice } from '../../daemon/simulator/gnss-device.ts';
import { createReceiver, type DeviceModel, Track } from '../../daemon/simulator/index.ts';
import { LoraAir } from '../../daemon/simulator/lora-air.ts';
import { Rak3172 } from '../../daemon/simulator/rak3172.ts';
import { Rn2483 } from '../../daemon/simulator/rn2483.ts';
import { WioE5 } from '../../daemon/simulator/wio-e5.ts';
import { converse, ofKind, START } from './conversation.ts';

const air = () => new LoraAir({ seed: 3, nodes: 10, intervalMs: 5_000, bad: 0.1 });
const gnss = (model: DeviceModel): Device =>
  new GnssDevice({ receiver: createReceiver(model, 5, 1), track: new Track({ start: START, seed: 1 }), rateHz: 5 });
const LISTENING: ProtocolSettings = { payload: 'keep', publicNetwork: true, frequency: 868_100_000 };

const MODELS: readonly [string, () => Device, string, ProtocolSettings, Readonly<Record<string, number>>][] = [
  ['a u-blox receiver', () => gnss('ublox'), 'gnss', {}, { 'gnss.fix': 290, 'gnss.sky': 50 }],
  ['an NMEA receiver', () => gnss('nmea'), 'gnss', {}, { 'gnss.fix': 290, 'gnss.sky': 50 }],
  ['a dashcam', () => gnss('dashcam'), 'gnss', {}, { 'gnss.fix': 290, 'imu.sample': 290 }],
  ['a Wio-E5', () => new WioE5(air()), 'wio-e5', LISTENING, { 'lora.uplink': 90 }],
  ['an RN2483', () => new Rn2483(air()), 'rn2483', LISTENING, { 'lora.uplink': 60 }],
  ['a RAK3172', () => new Rak3172(air()), 'rak3172', LISTENING, { 'lora.uplink': 90 }],
  ['a Beast receiver', () => new BeastReceiver({ seed: 2, aircraft: 4 }), 'adsb', {}, { 'adsb.position': 400 }],
  ...(['generic', 'quectel', 'simcom'] as const).map(
    (dialect: ModemDialect) =>
      [
        `a ${dialect} modem`,
        () => new AtModem(dialect, 5),
        'at-modem',
        { dialect, interval: 5_000 },
        { 'cell.serving': 10 },
      ] as [string, () => Device, string, ProtocolSettings, Readonly<Record<string, number>>],
  ),
];

describe('a simulated device', () => {
  it.each(MODELS)('%s is understood by its protocol to the last byte', (_name, make, protocol, settings, least) => {
    const { observations, stats } = converse(make(), protocol, { seconds: 60, settings });
    for (const [kind, count] of Object.entries(least)) {
      expect(ofKind(observations, kind).length, kind).toBeGreaterThanOrEqual(count);
    }
    for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
    expect(stats.noise).toEqual({});
    expect(stats.frameBytes).toBe(stats.bytes);
  });

  it.each(MODELS)('%s says the same again for the same seed', (_name, make, protocol, settings) => {
    const [once, again] = [1, 2].map(() => converse(make(), protocol, { seconds: 5, settings }));
    expect(again).toEqual(once);
    expect(once?.stats.bytes).toBeGreaterThan(0);
  });
});

describe('aircraft overhead', () => {
  it('are where the decoder finds them, and fly at a steady height', () => {
    const station = { lat: -33.9, lon: 151.2 };
    const { observations } = converse(new BeastReceiver({ seed: 9, aircraft: 3, station }), 'adsb', { seconds: 60 });
    const positions = ofKind(observations, 'adsb.position').map((one) => readingToJson(one));
    expect(new Set(positions.map(({ icao }) => icao)).size).toBe(3);
    for (const { lat, lon, altitude } of positions) {
      expect(Math.abs(Number(lat) - station.lat)).toBeLessThan(1.5);
      expect(Math.abs(Number(lon) - station.lon)).toBeLessThan(1.8);
      expect(altitude).toBeGreaterThan(2_900);
    }
  });
});

describe('LoRa nodes', () => {
  it('are heard once each interval, however the time is cut', () => {
    const whole = air().between(0, 60_000);
    const parts = Array.from({ length: 600 }, (_, index) => air().between(index * 100, index * 100 + 100)).flat();
    expect(whole).toHaveLength(120);
    expect(parts).toEqual(whole);
  });
});

describe('a modem', () => {
  it('echoes until it is told not to, and tells of a new cell unasked only where it was asked to', () => {
    const modem = new AtModem('quectel', 1, 1_000);
    const say = (command: string) => Buffer.from(modem.answer(Buffer.from(`${command}\r`))).toString('latin1');
    expect(say('AT')).toBe('AT\r\r\nOK\r\n');
    expect(say('ATE0')).toBe('ATE0\r\r\nOK\r\n');
    expect(say('AT')).toBe('\r\nOK\r\n');
    expect(say('AT+NOSUCH')).toBe('\r\nERROR\r\n');
    expect(modem.epoch(1_500)).toHaveLength(0);
    say('AT+CEREG=2');
    expect(Buffer.from(modem.epoch(2_500)).toString('latin1')).toMatch(/^\r\n\+CEREG: 1,"1A2B","[0-9A-F]{8}",7\r\n$/);
    modem.reset();
    expect(say('AT')).toBe('AT\r\r\nOK\r\n');
  });
});
