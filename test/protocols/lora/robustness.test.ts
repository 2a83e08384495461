import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../../daemon/protocols/index.ts';
import { meshtastic, rak3172, rn2483, semtechUdp, wioE5 } from '../../../daemon/protocols/lora/index.ts';
import { MAX_FRAME, StreamFramer } from '../../../daemon/protocols/lora/meshtastic/framer.ts';
import { MAX_DATAGRAM } from '../../../daemon/protocols/lora/semtech-udp/datagram.ts';
import { DatagramFramer } from '../../../daemon/protocols/lora/semtech-udp/framer.ts';
import { createDecoder } from '../../support/decoders.ts';
import { fixed32, float, group, stream, varint } from './protobuf.ts';
import { ascii, decodeAll, expectBalance, expectInRange } from './support.ts';

const rxpk = JSON.stringify({
  rxpk: [{ tmst: 5, freq: 868.1, stat: 1, datr: 'SF7BW125', codr: '4/5', lsnr: 5, size: 2, data: 'aGk=' }],
});

/** A real piece of each protocol, to be mangled. */
const PIECES: readonly [protocol: Protocol, pieces: readonly Uint8Array[]][] = [
  [
    semtechUdp,
    [
      Buffer.concat([Buffer.from('0212340000112233445566aa', 'hex'), ascii(rxpk)]),
      Buffer.from('0212340200112233445566aa', 'hex'),
      Buffer.from('0212340500112233445566aa', 'hex'),
    ],
  ],
  [wioE5, [ascii('+TEST: LEN:2, RSSI:-26, SNR:13\r\n'), ascii('+TEST: RX "6869"\r\n'), ascii('+AT: OK\r\n')]],
  [rn2483, [ascii('radio_rx  6869\r\n'), ascii('-7\r\n'), ascii('ok\r\n'), ascii('radio_err\r\n')]],
  [rak3172, [ascii('+EVT:RXP2P:-28:5:6869\r\n'), ascii('+EVT:RXP2P, RSSI -1, SNR 2\r\n'), ascii('+EVT:6869\r\n')]],
  [
    meshtastic,
    [
      stream(group(2, fixed32(1, 5), group(5, ascii('hi')), float(8, 5), varint(12, -50))),
      stream(group(5, group(6, varint(1, 1), varint(2, 3)))),
      ascii('log\r\n'),
    ],
  ],
];

const anyStream = (pieces: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...pieces),
        fc.uint8Array({ maxLength: 40 }),
        fc.tuple(fc.constantFrom(...pieces), fc.nat(), fc.nat(255)).map(([piece, at, value]) => {
          const copy = piece.slice();
          copy[at % copy.length] = value;
          return copy;
        }),
        fc.tuple(fc.constantFrom(...pieces), fc.nat()).map(([piece, at]) => piece.slice(0, at % piece.length)),
      ),
      { maxLength: 12 },
    )
    .map((parts) => new Uint8Array(Buffer.concat(parts)));

const anyChunks = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });

describe.each(PIECES.map(([protocol, pieces]) => [protocol.name, protocol, pieces] as const))(
  '%s',
  (_, protocol, pieces) => {
    it('makes the same of any bytes in any chunks, all of it within bounds', () => {
      fc.assert(
        fc.property(anyStream(pieces), anyChunks, (bytes, sizes) => {
          const whole = decodeAll(protocol, bytes, [bytes.length + 1]);
          expect(decodeAll(protocol, bytes, sizes)).toEqual(whole);
          expect(whole.stats.bytes).toBe(bytes.length);
        }),
        { numRuns: 300 },
      );
    });

    it('takes any bytes of a live device, at any time, and any answer', () => {
      const event = fc.oneof(anyStream(pieces), fc.constantFrom('tick', 'quiet', 'opened', 'transmit'));
      const beacon = {
        payload: ascii('x'),
        frequency: 868e6,
        spreadingFactor: 7,
        bandwidth: 125e3,
        codingRate: 5,
        power: 2,
      };
      fc.assert(
        fc.property(fc.array(event, { maxLength: 20 }), fc.boolean(), (events, isDatagram) => {
          let sent = 0;
          const decoder = createDecoder(protocol, { referenceTime: 0, send: () => sent++ });
          let t = 0;
          for (const event of events) {
            t += 1_700;
            if (event === 'tick') expectInRange(decoder.tick?.(t) ?? []);
            else if (event === 'quiet') expectInRange(decoder.quiet(t));
            else if (event === 'opened') expectInRange(decoder.opened?.(t) ?? []);
            else if (event === 'transmit') decoder.transmit?.(beacon, t);
            else if (typeof event !== 'string') {
              expectInRange(decoder.push(event, t, isDatagram ? '192.0.2.1:1' : undefined));
            }
          }
          expectInRange(decoder.end(t));
          expectBalance(decoder.stats);
          expect(sent).toBeLessThan(1_000);
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe('memory is bounded', () => {
  const noise = (size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, at) => (at * 7919 + (at >> 8) * 31) & 0xff);

  it.each([
    ['a datagram', new DatagramFramer(), MAX_DATAGRAM],
    ['a frame', new StreamFramer(() => undefined), MAX_FRAME],
  ])('by %s', (_, framer, max) => {
    let given = 0;
    for (let part = 0; part < 20; part++) {
      for (const _ of framer.push(noise(100_000))) given++;
      expect(framer.buffered).toBeLessThanOrEqual(max);
    }
    expect(given).toBeGreaterThan(0);
  });

  it('and so is time: false starts of datagrams and of frames cost no more than they are long', () => {
    const starts = Buffer.alloc(2_000_000, Buffer.from('0212340000112233445566aa7b', 'hex'));
    const begin = performance.now();
    const framer = new DatagramFramer();
    for (const _ of framer.push(starts));
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
