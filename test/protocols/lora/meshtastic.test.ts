import { describe, expect, it } from 'vitest';
import type { ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { meshtastic } from '../../../daemon/protocols/lora/index.ts';
import { createDecoder } from '../../support/decoders.ts';
import { fixed32, float, group, stream, varint } from './protobuf.ts';
import { ascii, decodeAll, expectInRange, toJson } from './support.ts';

/** MeshPacket: what the radio heard of node 0x433d0fb8, on a broadcast. */
const HEARD = [
  fixed32(1, 0x433d0fb8),
  fixed32(2, 0xffffffff),
  group(4, varint(1, 1), group(2, ascii('hello mesh'))),
  fixed32(6, 0xdeadbeef),
  fixed32(7, 1_700_000_000),
  float(8, -7.25),
  varint(9, 2),
  varint(12, -101),
  varint(15, 3),
];
const packet = (...fields: readonly Uint8Array[]): Uint8Array => stream(varint(1, 77), group(2, ...fields));
const MY_INFO = stream(group(3, varint(1, 0x11223344), varint(8, 5)));
const LORA = [varint(1, 1), varint(2, 7), varint(7, 3)];
const config = (...lora: readonly Uint8Array[]): Uint8Array => stream(group(5, group(6, ...lora)));
const complete = (id: number): Uint8Array => stream(varint(7, id));
const REBOOTED = stream(varint(8, 1));
const QUEUE_STATUS = stream(group(11, varint(2, 16), varint(3, 16)));

function node(settings: ProtocolSettings = {}) {
  const sent: string[] = [];
  const decoder = createDecoder(meshtastic, {
    referenceTime: 0,
    settings,
    send: (bytes) => sent.push(Buffer.from(bytes).toString('hex')),
  });
  const take = () => sent.splice(0);
  return { decoder, take };
}

const first = (frames: readonly Uint8Array[], settings: ProtocolSettings = {}): Record<string, unknown> | undefined => {
  const { decoder } = node(settings);
  const observations = frames.flatMap((frame) => decoder.push(frame, 0));
  expectInRange(observations);
  return toJson(observations)[0];
};

describe('a packet that a Meshtastic node heard', () => {
  it('is read with its header and its signal', () => {
    expect(first([packet(...HEARD)], { payload: 'keep' })).toEqual({
      kind: 'lora.uplink',
      from: 0x433d0fb8,
      to: 0xffffffff,
      packetId: 0xdeadbeef,
      portNum: 1,
      hopLimit: 2,
      hopStart: 3,
      rssi: -101,
      snr: -7.25,
      time: '2023-11-14T22:13:20.000Z',
      payload: Buffer.from('hello mesh').toString('hex'),
      size: 10,
    });
  });

  it('is kept as a hash where the profile does not say: the node has deciphered it', () => {
    const reading = first([packet(...HEARD)]);
    expect(reading?.['payloadHash']).toMatch(/^[0-9a-f]{64}$/);
    expect(reading).not.toHaveProperty('payload');
  });

  it('that the node has no key for has no port', () => {
    const ciphered = [fixed32(1, 5), fixed32(2, 6), group(5, ascii('secret')), float(8, 3.5), varint(12, -80)];
    const reading = first([packet(...ciphered)], { payload: 'keep' });
    expect(reading).toMatchObject({ payload: Buffer.from('secret').toString('hex'), snr: 3.5 });
    expect(reading).not.toHaveProperty('portNum');
  });

  it.each([
    ['LONG_MODERATE', [varint(1, 1), varint(2, 7)], { spreadingFactor: 11, bandwidth: 125_000, codingRate: 8 }],
    ['LONG_FAST, which is 0 and left out', [varint(1, 1)], { spreadingFactor: 11, bandwidth: 250_000, codingRate: 5 }],
    [
      'settings of its own',
      [varint(3, 62), varint(4, 12), varint(5, 8), float(14, 869.525)],
      { spreadingFactor: 12, bandwidth: 62_500, codingRate: 8, frequency: 869_525_024 },
    ],
  ])('has the settings of its node: %s', (_, lora, settings) => {
    expect(first([config(...lora), packet(...HEARD)])).toMatchObject(settings);
  });

  it.each([
    ['of an unknown preset', [varint(1, 1), varint(2, 99)]],
    ['in the 2.4 GHz band', [varint(1, 1), varint(2, 0), varint(7, 13)]],
  ])('has no settings %s', (_, lora) => {
    expect(first([config(...lora), packet(...HEARD)])).not.toHaveProperty('spreadingFactor');
  });

  it.each([
    ['sent by the node itself', [fixed32(1, 0x11223344), float(8, 5)]],
    ['that came by MQTT', [...HEARD, varint(14, 1)]],
    ['that came by MQTT, as newer firmware says it', [...HEARD, varint(21, 5)]],
    ['without a signal', [fixed32(1, 5), fixed32(2, 6)]],
  ])('is not one %s', (_, fields) => {
    const { decoder } = node();
    decoder.push(MY_INFO, 0);
    expect(decoder.push(packet(...fields), 0)).toEqual([]);
    expect(decoder.stats.messages).toMatchObject({ packet: 1, 'packet not heard by radio': 1 });
  });

  it('may have been on MQTT before the radio heard it', () => {
    expect(first([packet(...HEARD, varint(14, 1), varint(21, 1))])).toBeDefined();
  });
});

describe('a client of a Meshtastic node', () => {
  const WAKE = 'c3'.repeat(32);
  const want = (id: number): string => `94c3000218${id.toString(16).padStart(2, '0')}`;
  const HEARTBEAT = '94c300023a00';

  it('wakes it and asks for its configuration, again where it does not come', () => {
    const { decoder, take } = node();
    decoder.opened?.(0);
    expect(take()).toEqual([WAKE, want(1)]);
    decoder.tick?.(14_999);
    expect(take()).toEqual([]);
    decoder.tick?.(15_000);
    expect(take()).toEqual([want(2)]);
  });

  it('sends heartbeats once it is configured', () => {
    const { decoder, take } = node({ heartbeat: 30_000 });
    decoder.opened?.(0);
    for (const frame of [MY_INFO, config(...LORA)]) decoder.push(frame, 900);
    expect(decoder.stats.configured).toBe('pending');
    decoder.push(complete(1), 1_000);
    expect(decoder.stats.configured).toBe('done');
    take();
    decoder.tick?.(30_999);
    expect(take()).toEqual([]);
    decoder.tick?.(31_000);
    decoder.push(QUEUE_STATUS, 31_010);
    decoder.tick?.(61_000);
    expect(take()).toEqual([HEARTBEAT, HEARTBEAT]);
    expect(decoder.frameCount).toBe(4);
  });

  it("takes no other client's configuration for its own", () => {
    const { decoder, take } = node();
    decoder.opened?.(0);
    take();
    decoder.push(complete(99), 1_000);
    decoder.tick?.(15_000);
    expect(take()).toEqual([want(2)]);
  });

  it('asks again after the node has started anew', () => {
    const { decoder, take } = node();
    decoder.opened?.(0);
    decoder.push(complete(1), 1_000);
    take();
    decoder.push(REBOOTED, 2_000);
    expect(take()).toEqual([want(2)]);
  });

  it('of a recording says nothing', () => {
    const decoder = createDecoder(meshtastic, { referenceTime: 0 });
    decoder.push(REBOOTED, 0);
    expect(decoder.tick?.(100_000)).toEqual([]);
    expect(decoder.frameCount).toBe(1);
  });
});

describe('the serial stream of a Meshtastic node', () => {
  const log = ascii('\x1b[34mINFO \x1b[0m| 10:01:02 [Router] Received text msg\r\n');
  const recording = Buffer.concat([log, MY_INFO, log, config(...LORA), packet(...HEARD), log, complete(1)]);

  it.each([[1], [2], [7], [4096], [3, 1, 50]])('has its log between the frames, in chunks of %s', (...sizes) => {
    const { observations, stats } = decodeAll(meshtastic, recording, sizes);
    expect(observations).toHaveLength(1);
    expect(stats).toEqual({
      bytes: recording.length,
      frames: { meshtastic: 4 },
      messages: { myInfo: 1, config: 1, packet: 1, configCompleteId: 1 },
      noise: { sync: 3 * log.length },
      frameBytes: recording.length - 3 * log.length,
    });
  });

  it.each([
    ['a length that is too long', '94c30201', { oversize: 2, sync: 2 }],
    ['bytes that are no protobuf', '94c30003ffffff', { malformed: 2, sync: 5 }],
    ['a start before a start', '9494c3ffff94', { oversize: 2, sync: 4 }],
  ])('goes on after %s', (_, hex, noise) => {
    const { observations, stats } = decodeAll(meshtastic, Buffer.concat([Buffer.from(hex, 'hex'), packet(...HEARD)]));
    expect(observations).toHaveLength(1);
    expect(stats.noise).toEqual(noise);
  });

  it('that ends in the middle of a frame says so', () => {
    expect(decodeAll(meshtastic, packet(...HEARD).subarray(0, 20)).stats.noise).toEqual({ truncated: 20 });
  });

  it('loses no frame to a false start whose length would cover it', () => {
    const swallowed = Buffer.concat([Buffer.from('94c30180', 'hex'), packet(...HEARD), packet(...HEARD)]);
    const rest = Buffer.concat(Array.from({ length: 8 }, () => packet(...HEARD)));
    expect(decodeAll(meshtastic, Buffer.concat([swallowed, rest])).observations).toHaveLength(10);
  });
});
