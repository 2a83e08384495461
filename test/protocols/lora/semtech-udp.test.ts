import { describe, expect, it } from 'vitest';
import type { ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { semtechUdp } from '../../../daemon/protocols/lora/index.ts';
import { KINDS, type Observation } from '../../../daemon/readings/index.ts';
import { createDecoder } from '../../support/decoders.ts';
import { ascii, BEACON, bytes, decodeAll, expectInRange, toJson } from './support.ts';

const CRC: readonly string[] = KINDS['lora.uplink'].fields.crc.names ?? [];
const RESULT: readonly string[] = KINDS['lora.beacon'].fields.result.names ?? [];

const EUI = 'aa555a0000000101';
const FORWARDER = '192.0.2.7:40000';

const datagram = (header: string, body = ''): Uint8Array => Buffer.concat([bytes(header), ascii(body)]);
const pushData = (body: object, token = '1234'): Uint8Array => datagram(`02 ${token} 00 ${EUI}`, JSON.stringify(body));
const pullData = (token = '5678'): Uint8Array => datagram(`02 ${token} 02 ${EUI}`);

/** The examples of the Semtech specification, section 4. */
const LORA = {
  time: '2013-03-31T16:21:17.528002Z',
  tmst: 3_512_348_611,
  chan: 2,
  rfch: 0,
  freq: 866.349812,
  stat: 1,
  modu: 'LORA',
  datr: 'SF7BW125',
  codr: '4/6',
  rssi: -35,
  lsnr: 5.1,
  size: 32,
  data: '-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84',
};
const FSK = {
  time: '2013-03-31T16:21:17.530974Z',
  tmst: 3_512_348_514,
  chan: 9,
  rfch: 1,
  freq: 869.1,
  stat: 1,
  modu: 'FSK',
  datr: 50_000,
  rssi: -75,
  size: 16,
  data: 'VEVTVF9QQUNLRVRfMTIzNA==',
};
const STAT = {
  time: '2014-01-12 08:59:28 GMT',
  lati: 46.24,
  long: 3.2523,
  alti: 145,
  rxnb: 2,
  rxok: 2,
  rxfw: 2,
  ackr: 100.0,
  dwnb: 2,
  txnb: 2,
  temp: 23.2,
};
/** Two antennas with the fine timestamp, as of a Kerlink iBTS. */
const RSIG = {
  aesk: 0,
  brd: 2,
  codr: '4/5',
  data: 'QLgAFgCATNkGLGbX832w',
  datr: 'SF7BW125',
  freq: 867.5,
  jver: 2,
  modu: 'LORA',
  rsig: [
    { ant: 0, chan: 2, etime: '+PeyOghPpvR4YnV9mNJt0w==', foff: 3773, lsnr: -9.0, rssic: -110, rssis: -120, rssisd: 0 },
    { ant: 1, chan: 3, etime: 'BIuzSsIZVqi2aCfDYImC6Q==', foff: 3786, lsnr: -7.0, rssic: -108, rssis: -116, rssisd: 1 },
  ],
  size: 15,
  stat: 1,
  tmst: 3_593_099_307,
};

const uplink = (rxpk: object, settings: ProtocolSettings = {}): Record<string, unknown> | undefined => {
  const decoder = createDecoder(semtechUdp, { referenceTime: 0, settings });
  const observations = decoder.push(pushData({ rxpk: [rxpk] }), 0, FORWARDER);
  expectInRange(observations);
  return toJson(observations)[0];
};

describe('a received packet of a packet forwarder', () => {
  it('with LoRa modulation, as in the specification', () => {
    expect(uplink(LORA)).toEqual({
      kind: 'lora.uplink',
      frequency: 866_349_812,
      spreadingFactor: 7,
      bandwidth: 125_000,
      codingRate: 6,
      rssi: -35,
      snr: 5.1,
      crc: CRC.indexOf('ok'),
      tmst: 3512.348611,
      channel: 2,
      rfChain: 0,
      gatewayEUI: EUI,
      time: '2013-03-31T16:21:17.528Z',
      mType: 7,
      payload: 'f834b808668309d1bee3c78934cdd56a2fb30e9b11ef53e7f423c0f6e08e37ce',
      size: 32,
    });
  });

  it('with FSK modulation, as in the specification', () => {
    const { dataRate, spreadingFactor, payload, size } = uplink(FSK) ?? {};
    expect({ dataRate, spreadingFactor, size }).toEqual({ dataRate: 50_000, spreadingFactor: undefined, size: 16 });
    expect(payload).toBe(Buffer.from('TEST_PACKET_1234').toString('hex'));
  });

  it('heard by two antennas: the better one, and the LoRaWAN header in clear', () => {
    expect(uplink(RSIG)).toMatchObject({
      channel: 3,
      rssi: -108,
      rssiSignal: -116,
      snr: -7,
      mType: 2,
      devAddr: '001600b8',
      fCnt: 55_628,
      fPort: 6,
    });
  });

  it.each([
    [1, 'ok'],
    [-1, 'bad'],
    [0, 'none'],
    [7, undefined],
  ])('with CRC state %s: %s', (stat, crc) => {
    expect(uplink({ ...RSIG, stat })?.['crc']).toBe(crc && CRC.indexOf(crc));
  });

  it('with a bad CRC says nothing of LoRaWAN', () => {
    expect(uplink({ ...RSIG, stat: -1 })).not.toHaveProperty('devAddr');
  });

  it('keeps the time by GPS where that is all it has', () => {
    // 2013-03-31T16:21:17.528Z was 16 leap seconds behind GPS.
    const { time: _, ...rest } = LORA;
    expect(uplink({ ...rest, tmms: 1_048_782_093_528 })?.['time']).toBe('2013-03-31T16:21:17.528Z');
  });

  it.each(['hash', 'none'] as const)('keeps no payload where the profile says %s', (payload) => {
    const reading = uplink(LORA, { payload });
    expect(reading).not.toHaveProperty('payload');
    expect(reading?.['size']).toBe(32);
    expect('payloadHash' in (reading ?? {})).toBe(payload === 'hash');
  });

  it.each([
    ['no data', { ...LORA, data: undefined }],
    ['data that is no base64', { ...LORA, data: 'a*b' }],
    ['data of another size', { ...LORA, size: 31 }],
    ['data that is too long', { ...LORA, size: undefined, data: 'A'.repeat(2_000) }],
  ])('with %s makes no reading and is counted', (_, rxpk) => {
    const decoder = createDecoder(semtechUdp, { referenceTime: 0 });
    expect(decoder.push(pushData({ rxpk: [rxpk, LORA] }), 0, FORWARDER)).toHaveLength(1);
    expect(decoder.stats.messages).toMatchObject({ 'rxpk without a packet': 1, rxpk: 1 });
  });

  it('with numbers out of all bounds keeps what is left', () => {
    const odd = {
      ...LORA,
      freq: -1,
      tmst: 1e12,
      chan: 900,
      rssi: 1e9,
      lsnr: '5',
      datr: 'SF99BW125',
      codr: 7,
      time: 'now',
    };
    expect(Object.keys(uplink(odd) ?? {}).sort()).toEqual(
      ['bandwidth', 'crc', 'gatewayEUI', 'kind', 'mType', 'payload', 'rfChain', 'size'].sort(),
    );
  });
});

describe("a packet forwarder's report", () => {
  it('as in the specification', () => {
    const decoder = createDecoder(semtechUdp, { referenceTime: 0 });
    const observations = decoder.push(pushData({ stat: STAT }), 0, FORWARDER);
    expectInRange(observations);
    expect(toJson(observations)).toEqual([
      {
        kind: 'lora.stat',
        time: '2014-01-12T08:59:28.000Z',
        lat: 46.24,
        lon: 3.2523,
        alt: 145,
        rxnb: 2,
        rxok: 2,
        rxfw: 2,
        ackr: 100,
        dwnb: 2,
        txnb: 2,
        gatewayEUI: EUI,
      },
    ]);
  });

  it('without a fix has no position', () => {
    const decoder = createDecoder(semtechUdp, { referenceTime: 0 });
    const [stat] = decoder.push(pushData({ stat: { ...STAT, lati: 0, long: 0, alti: 0 } }), 0, FORWARDER);
    expect(stat?.fields).not.toHaveProperty('lat');
    expect(stat?.fields).not.toHaveProperty('alt');
  });
});

/** A server's end of the wire, and what it sent. */
function server(settings: ProtocolSettings = {}) {
  const sent: [peer: string | undefined, hex: string][] = [];
  const decoder = createDecoder(semtechUdp, {
    referenceTime: 0,
    settings,
    send: (datagram, peer) => sent.push([peer, Buffer.from(datagram).toString('hex')]),
  });
  return { decoder, sent };
}

describe('the server side of the protocol', () => {
  it('acknowledges PUSH_DATA and PULL_DATA with their tokens', () => {
    const { decoder, sent } = server();
    decoder.push(pushData({ stat: STAT }, 'beef'), 0, FORWARDER);
    decoder.push(pullData('cafe'), 0, FORWARDER);
    expect(sent).toEqual([
      [FORWARDER, '02beef01'],
      [FORWARDER, '02cafe04'],
    ]);
  });

  it('acknowledges a PUSH_DATA whose JSON is broken, which is noise', () => {
    const { decoder, sent } = server();
    const broken = datagram(`02 beef 00 ${EUI}`, '{"rxpk":[');
    expect(decoder.push(broken, 0, FORWARDER)).toEqual([]);
    expect(sent).toEqual([[FORWARDER, '02beef01']]);
    expect(decoder.stats).toMatchObject({ frames: { gwmp: 0 }, noise: { malformed: broken.length } });
  });

  it.each([
    ['of another version', '03 1234 02'],
    ['with an unknown identifier', '02 1234 06'],
    ['too short', '02 12'],
    ['without its EUI', '02 1234 02 aa55'],
  ])('answers nothing to a datagram %s', (_, hex) => {
    const { decoder, sent } = server();
    expect(decoder.push(bytes(hex), 0, FORWARDER)).toEqual([]);
    expect(sent).toEqual([]);
    expect(Object.values(decoder.stats.noise)).toEqual([bytes(hex).length]);
  });
});

describe('a beacon by a packet forwarder', () => {
  const asked = (leadTime = 0) => {
    const { decoder, sent } = server({ leadTime });
    decoder.push(pushData({ rxpk: [LORA] }), 1_000, FORWARDER);
    decoder.push(pullData(), 1_000, FORWARDER);
    sent.length = 0;
    expect(decoder.transmit?.(BEACON, 2_000)).toBe(true);
    const [peer, hex = ''] = sent[0] ?? [];
    const message = bytes(hex);
    const answer = (body = ''): Observation[] => {
      const token = Buffer.from(message.subarray(1, 3)).toString('hex');
      const observations = decoder.push(datagram(`02 ${token} 05 ${EUI}`, body), 2_100, FORWARDER);
      expectInRange(observations);
      return observations;
    };
    return { decoder, peer, message, body: JSON.parse(Buffer.from(message.subarray(4)).toString()), answer };
  };

  it('is a PULL_RESP to be sent at once', () => {
    const { peer, message, body } = asked();
    expect(peer).toBe(FORWARDER);
    expect([message[0], message[3]]).toEqual([2, 3]);
    expect(body).toEqual({
      txpk: {
        imme: true,
        freq: 868.3,
        rfch: 0,
        powe: 10,
        modu: 'LORA',
        datr: 'SF9BW125',
        codr: '4/6',
        ipol: false,
        size: 2,
        data: 'aGk=',
      },
    });
  });

  it('with a lead time is sent at a value of the counter, which is sealed', () => {
    const { body, answer } = asked(500);
    expect(body.txpk).toMatchObject({ imme: false, tmst: 3_512_348_611 + 1_500_000 });
    expect(answer()[0]?.fields).toMatchObject({ tmst: 3_513_848_611, result: 0 });
  });

  it.each([
    ['nothing', '', { result: RESULT.indexOf('sent'), power: 10 }],
    ['the error NONE', '{"txpk_ack":{"error":"NONE"}}', { result: RESULT.indexOf('sent'), power: 10 }],
    [
      'another error',
      '{"txpk_ack":{"error":"TX_FREQ"}}',
      { result: RESULT.indexOf('refused'), error: 'TX_FREQ', power: 10 },
    ],
    ['a lower power', '{"txpk_ack":{"warn":"TX_POWER","value":8}}', { result: RESULT.indexOf('sent'), power: 8 }],
  ])('has its outcome where TX_ACK says %s', (_, body, outcome) => {
    expect(toJson(asked().answer(body))).toEqual([
      {
        kind: 'lora.beacon',
        frequency: 868_300_000,
        spreadingFactor: 9,
        bandwidth: 125_000,
        codingRate: 6,
        payload: '6869',
        gatewayEUI: EUI,
        ...outcome,
      },
    ]);
  });

  it('has its outcome once', () => {
    const { answer } = asked();
    expect(answer()).toHaveLength(1);
    expect(answer()).toEqual([]);
  });

  it('without a TX_ACK has no answer after five seconds', () => {
    const { decoder } = asked();
    expect(decoder.tick?.(6_999)).toEqual([]);
    expect(toJson(decoder.tick?.(7_000) ?? [])).toMatchObject([
      { kind: 'lora.beacon', result: RESULT.indexOf('no-answer') },
    ]);
    expect(decoder.tick?.(8_000)).toEqual([]);
  });

  it('cannot be asked for before a forwarder has pulled, or long after', () => {
    const { decoder } = server();
    expect(decoder.transmit?.(BEACON, 0)).toBe(false);
    decoder.push(pullData(), 0, FORWARDER);
    expect(decoder.transmit?.(BEACON, 120_001)).toBe(false);
    expect(decoder.transmit?.({ ...BEACON, payload: new Uint8Array(256) }, 1)).toBe(false);
  });
});

describe('a second server', () => {
  const NAME = 'lns.example:1700';
  const ADDRESS = '198.51.100.9:1700';
  const downlink = datagram('02 7777 03', '{"txpk":{"imme":true,"data":"aGk="}}');
  const relay = () => {
    const { decoder, sent } = server({ forwardTo: NAME });
    decoder.push(pullData('0001'), 0, FORWARDER);
    decoder.push(datagram('02 0001 04'), 10, ADDRESS);
    const take = () => sent.splice(0);
    return { decoder, take };
  };
  const hex = (datagram: Uint8Array): string => Buffer.from(datagram).toString('hex');

  it('gets what the forwarder sends, as it was sent', () => {
    const { decoder, take } = relay();
    expect(take()).toEqual([
      [FORWARDER, '02000104'],
      [NAME, hex(pullData('0001'))],
    ]);
    const push = pushData({ rxpk: [LORA] });
    expect(decoder.push(push, 0, FORWARDER)).toHaveLength(1);
    expect(take()).toEqual([
      [FORWARDER, '02123401'],
      [ADDRESS, hex(push)],
    ]);
  });

  it('is looked for by its name again when it has been silent for a minute', () => {
    const { decoder, take } = relay();
    take();
    decoder.push(pullData('0002'), 60_009, FORWARDER);
    decoder.push(pullData('0003'), 60_010, FORWARDER);
    expect(take().filter(([peer]) => peer !== FORWARDER)).toEqual([
      [ADDRESS, hex(pullData('0002'))],
      [NAME, hex(pullData('0003'))],
    ]);
  });

  it('has its acknowledgements swallowed', () => {
    const { decoder, take } = relay();
    take();
    decoder.push(datagram('02 1234 01'), 0, ADDRESS);
    expect(take()).toEqual([]);
  });

  it('has its downlinks passed on, and gets their TX_ACK under its own token', () => {
    const { decoder, take } = relay();
    take();
    decoder.push(downlink, 20, ADDRESS);
    const [[peer, passed = ''] = []] = take();
    expect(peer).toBe(FORWARDER);
    expect(passed.slice(6)).toBe(hex(downlink).slice(6));
    const ack = (token: string) => datagram(`02 ${token} 05 ${EUI}`, '{"txpk_ack":{"error":"TOO_LATE"}}');
    expect(decoder.push(ack(passed.slice(2, 6)), 30, FORWARDER)).toEqual([]);
    expect(take()).toEqual([[ADDRESS, hex(ack('7777'))]]);
  });

  it.each([
    ['a stranger, who cannot know a token', '203.0.113.5:1700', '0009'],
    ['another port of its host', '198.51.100.9:1701', '0002'],
  ])('is not %s, whose downlinks are refused', (_, peer, token) => {
    const { decoder, take } = relay();
    decoder.push(pullData('0002'), 10, FORWARDER);
    decoder.push(datagram(`02 ${token} 04`), 10, peer);
    take();
    decoder.push(downlink, 20, peer);
    expect(take()).toEqual([]);
    expect(decoder.stats.messages['PULL_RESP refused']).toBe(1);
  });

  it('is nobody where none is configured', () => {
    const { decoder, sent } = server();
    decoder.push(pullData(), 0, FORWARDER);
    sent.length = 0;
    decoder.push(downlink, 0, ADDRESS);
    expect(sent).toEqual([]);
  });
});

describe('a recording of datagrams', () => {
  const stream = Buffer.concat([
    pushData({ rxpk: [LORA, FSK] }),
    pullData(),
    datagram('02 5678 04'),
    datagram(`02 0001 05 ${EUI}`),
    datagram(`02 0002 05 ${EUI}`, '{"txpk_ack":{"error":"NONE"}}'),
    datagram('02 0003 03', '{"txpk":{"data":"}{\\"\\\\"}}'),
    pushData({ stat: STAT }),
  ]);

  it.each([[1], [7], [64], [4096], [13, 1, 200]])('is taken apart in chunks of %s', (...sizes) => {
    const { observations, stats } = decodeAll(semtechUdp, stream, sizes);
    expect(observations.map(({ kind }) => kind)).toEqual(['lora.uplink', 'lora.uplink', 'lora.stat']);
    expect(stats).toEqual({
      bytes: stream.length,
      frames: { gwmp: 7 },
      messages: { PUSH_DATA: 2, rxpk: 2, PULL_DATA: 1, PULL_ACK: 1, TX_ACK: 2, PULL_RESP: 1, stat: 1 },
      noise: {},
      frameBytes: stream.length,
    });
  });

  it('goes on after a datagram that was cut short', () => {
    const cut = pushData({ rxpk: [LORA] }).subarray(0, 100);
    const { observations, stats } = decodeAll(semtechUdp, Buffer.concat([cut, ascii('garbage'), cut, stream]));
    expect(observations).toHaveLength(3);
    expect(stats.noise).toEqual({ malformed: 207 });
  });

  it('that ends in the middle of a datagram says so', () => {
    const { stats } = decodeAll(semtechUdp, pushData({ rxpk: [LORA] }).subarray(0, 100));
    expect(stats.noise).toEqual({ truncated: 100 });
  });

  it('with a JSON object longer than a datagram gives it up', () => {
    const { observations, stats } = decodeAll(
      semtechUdp,
      Buffer.concat([pushData({ stat: 'x'.repeat(70_000) }), stream]),
      [4_096],
    );
    expect(observations).toHaveLength(3);
    expect(stats.noise['oversize']).toBe(65_507);
  });
});
