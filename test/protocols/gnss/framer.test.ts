import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GnssFramer, MAX_FRAME, MAX_SENTENCE } from '../../../daemon/protocols/gnss/framer.ts';
import { bytes, nmea, rtcm3, rtcm3Message, ubx } from './encode.ts';

const ZDA = nmea('GPZDA,201530.00,04,07,2002,00,00');
/** Its checksum is 6F, of which the letter is written small. */
const LOWER = bytes('$GPTXT,LITTLE*6f\r\n');
const ACK = ubx(0x05, 0x01, [0x06, 0x01]);
const MSM = rtcm3Message(1077, 7, 40);
/** A NovAtel receiver's, from its public documentation, and a Unicore one's. */
const BESTPOSA = bytes(
  '#BESTPOSA,USB1,0,51.5,FINESTEERING,2404,603797.000,03000800,cdba,18018;SOL_COMPUTED,NARROW_INT,51.07899643518,',
  '-114.13251416136,1114.2977,-16.6000,WGS84,0.0079,0.0056,0.0141,"3920",1.000,0.000,34,31,31,30,00,21,7f,37*a5cec5c7\r\n',
);
const MODE = bytes('#MODE,97,GPS,FINE,2431,596371000,0,0,18,120;MODE ROVER SURVEY,*15\r\n');
const GSENSOR = bytes('$GSENSORD,0.060,0.120,-0.180\r\n');

/** Frames as [type, bytes in hex] and noise as [reason, bytes]. */
type Seen = readonly [string, string | number];

function frames(stream: Uint8Array, chunk = stream.length || 1): Seen[] {
  const framer = new GnssFramer();
  const seen: Seen[] = [];
  const take = (found: ReturnType<GnssFramer['push']>): void => {
    for (const frame of found) {
      if (frame.type === 'noise') seen.push([frame.reason, frame.bytes]);
      else seen.push([frame.type, Buffer.from(frame.buffer.subarray(frame.start, frame.end)).toString('hex')]);
    }
  };
  for (let at = 0; at < stream.length; at += chunk) take(framer.push(stream.subarray(at, at + chunk)));
  take(framer.end());
  return seen;
}

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');
const sentence = (frame: Uint8Array): Seen => ['nmea', hex(frame.subarray(0, -2))];
const message = (frame: Uint8Array): Seen => ['ubx', hex(frame)];
const log = (frame: Uint8Array): Seen => ['log', hex(frame.subarray(0, -2))];
const line = (frame: Uint8Array): Seen => ['gsensor', hex(frame.subarray(0, -2))];
const correction = (frame: Uint8Array): Seen => ['rtcm3', hex(frame)];

function corrupted(frame: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

const FRAMINGS = new Set(['nmea', 'ubx', 'rtcm3']);

/**
 * The frames of a whole stream by the plainest means: at each byte, whether the encoder would have written what stands
 * there.
 */
function scan(stream: Uint8Array): Seen[] {
  const text = Buffer.from(stream).toString('latin1');
  const seen: Seen[] = [];
  for (let at = 0; at < stream.length; ) {
    const found = sentenceAt(text.slice(at)) ?? messageAt(stream.subarray(at)) ?? correctionAt(stream.subarray(at));
    if (found !== undefined) seen.push(found);
    at += found === undefined ? 1 : String(found[1]).length / 2;
  }
  return seen;
}

function sentenceAt(text: string): Seen | undefined {
  const [whole, delimiter, body] = /^([$!])([ -~]+?)\*[0-9a-fA-F]{2}/.exec(text) ?? [];
  if (whole === undefined || body === undefined || /[$!*]/.test(body)) return undefined;
  const good = nmea(body, delimiter).subarray(0, -2);
  return bytes(whole.toUpperCase()).equals(bytes(good.toString().toUpperCase()))
    ? ['nmea', hex(bytes(whole))]
    : undefined;
}

function messageAt(stream: Uint8Array): Seen | undefined {
  const [first, second, messageClass = 0, id = 0, low = 0, high = 0] = stream;
  const length = low + 256 * high;
  if (first !== 0xb5 || second !== 0x62 || stream.length < length + 8) return undefined;
  const good = hex(ubx(messageClass, id, stream.subarray(6, 6 + length)));
  return good === hex(stream.subarray(0, length + 8)) ? ['ubx', good] : undefined;
}

function correctionAt(stream: Uint8Array): Seen | undefined {
  const [first, high = 0, low = 0] = stream;
  const length = low + 256 * high;
  if (first !== 0xd3 || stream.length < length + 6) return undefined;
  const good = hex(rtcm3(stream.subarray(3, 3 + length)));
  return good === hex(stream.subarray(0, length + 6)) && high < 4 ? ['rtcm3', good] : undefined;
}

describe('the GNSS framer', () => {
  const cases: readonly [name: string, stream: Uint8Array, expected: readonly Seen[]][] = [
    [
      'reads the three framings in one stream',
      bytes(ZDA, ACK, MSM, ZDA),
      [sentence(ZDA), message(ACK), correction(MSM), sentence(ZDA)],
    ],
    ['reads a sentence that ends with LF alone', bytes(ZDA.subarray(0, -2), '\n', ACK), [sentence(ZDA), message(ACK)]],
    ['reads a sentence without line end', bytes(ZDA.subarray(0, -2), ACK), [sentence(ZDA), message(ACK)]],
    ['reads lower-case checksum digits', LOWER, [sentence(LOWER)]],
    ['reads an encapsulated sentence', nmea('AIVDM,1,1,,B,1,0', '!'), [sentence(nmea('AIVDM,1,1,,B,1,0', '!'))]],
    ['reads an RTCM3 frame without a message', rtcm3([]), [correction(rtcm3([]))]],
    [
      'passes garbage over',
      bytes('login: \r\n', ZDA, [0, 1, 2, 0xff], ACK),
      [['sync', 9], sentence(ZDA), ['sync', 4], message(ACK)],
    ],
    ['finds a sentence that begins within a cut one', bytes('$GPGGA,1234', ZDA), [['truncated', 11], sentence(ZDA)]],
    [
      'takes a sentence without checksum for noise',
      bytes('$GPGGA,12\r\n', ZDA),
      [['truncated', 9], ['sync', 2], sentence(ZDA)],
    ],
    [
      'takes a sentence with a checksum of other letters for noise',
      bytes('$GPGGA,*G1', ZDA),
      [['malformed', 7], ['sync', 3], sentence(ZDA)],
    ],
    ['takes an empty sentence for noise', bytes('$*00', ACK), [['malformed', 1], ['sync', 3], message(ACK)]],
    [
      'finds a sentence within a UBX frame of a bad checksum',
      bytes(corrupted(ubx(0x04, 0x02, bytes('x', ZDA)), 6), MSM),
      [['checksum', 7], sentence(ZDA), ['sync', 2], correction(MSM)],
    ],
    [
      'finds a frame within an RTCM3 frame of a bad checksum',
      bytes(corrupted(rtcm3(bytes([1], ACK, [2])), 3), ZDA),
      [['checksum', 4], message(ACK), ['sync', 4], sentence(ZDA)],
    ],
    [
      'finds a frame after a UBX header of an absurd length',
      bytes([0xb5, 0x62, 0x01, 0x07, 0xff, 0xff], ACK),
      [['oversize', 2], ['sync', 4], message(ACK)],
    ],
    [
      'finds the frames behind a false UBX header at the end of the stream',
      bytes([0xb5, 0x62, 0x01, 0x07, 0x00, 0x10], ZDA, ACK),
      [['truncated', 6], sentence(ZDA), message(ACK)],
    ],
    ['refuses set reserved bits of an RTCM3 header', bytes([0xd3, 0x40, 0x00], ACK), [['sync', 3], message(ACK)]],
    ['reads an ASCII log by its CRC-32, and one by its XOR', bytes(BESTPOSA, MODE), [log(BESTPOSA), log(MODE)]],
    [
      'takes an ASCII log with a wrong checksum for noise',
      bytes(corrupted(BESTPOSA, 20), corrupted(MODE, 8), ZDA),
      [['checksum', BESTPOSA.length - 2], ['sync', 2], ['checksum', MODE.length - 2], ['sync', 2], sentence(ZDA)],
    ],
    ['finds a sentence within a cut log', bytes(BESTPOSA.subarray(0, 40), ZDA), [['sync', 40], sentence(ZDA)]],
    [
      "reads a Unicore receiver's answer, whose checksum counts the $ in",
      bytes('$command,CONFIG,response: OK*54\r\n'),
      [sentence(bytes('$command,CONFIG,response: OK*54\r\n'))],
    ],
    [
      'takes any other sentence of that checksum for noise',
      bytes('$commanx,CONFIG,response: OK*48\r\n'),
      [
        ['checksum', 31],
        ['sync', 2],
      ],
    ],
    [
      "reads an accelerometer's line without checksum",
      bytes(GSENSOR, ZDA, GSENSOR),
      [line(GSENSOR), sentence(ZDA), line(GSENSOR)],
    ],
    [
      "takes an accelerometer's line that is cut for noise",
      bytes(GSENSOR.subarray(0, 20), ZDA, GSENSOR.subarray(0, 16), '\r\n', ZDA, GSENSOR.subarray(0, -2)),
      [['truncated', 20], sentence(ZDA), ['truncated', 16], ['sync', 2], sentence(ZDA), ['truncated', 28]],
    ],
    ['gives up a cut frame at the end', bytes(ZDA, ACK.subarray(0, 7)), [sentence(ZDA), ['truncated', 7]]],
    [
      'refuses a sentence that never ends',
      bytes(`$${'A'.repeat(2 * MAX_SENTENCE)}`),
      [
        ['oversize', MAX_SENTENCE - 2],
        ['sync', MAX_SENTENCE + 3],
      ],
    ],
  ];

  for (const [name, stream, expected] of cases) {
    it(name, () => {
      expect(frames(stream)).toEqual(expected);
      expect(frames(stream, 1)).toEqual(expected);
    });
  }

  it('reads the largest UBX frame in one piece', () => {
    const largest = ubx(0x02, 0x15, new Uint8Array(8_176).fill(0xb5));
    expect(frames(bytes(largest, ZDA), 7)).toEqual([message(largest), sentence(ZDA)]);
  });

  const piece = fc.oneof(
    fc.constantFrom(
      ZDA,
      ACK,
      MSM,
      BESTPOSA,
      MODE,
      GSENSOR,
      corrupted(MODE, 9),
      GSENSOR.subarray(0, 12),
      corrupted(ZDA, 9),
      corrupted(ACK, 7),
      corrupted(MSM, 20),
      bytes('$GPGGA'),
      bytes([0xb5, 0x62]),
    ),
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(
      ...'$!#*\r\n'.split('').map((letter) => bytes(letter)),
      bytes([0xd3, 0x00]),
      bytes([0xb5, 0x62, 0x01, 0x07, 92, 0]),
    ),
  );

  it('makes the same frames and noise of any chunks', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 70 }), (pieces, chunk) => {
        const stream = bytes(...pieces);
        expect(frames(stream, chunk)).toEqual(frames(stream));
      }),
      { numRuns: 500 },
    );
  });

  it('finds what a scanner finds that has the whole stream at hand', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const stream = bytes(...pieces);
        expect(frames(stream, 5).filter(([type]) => FRAMINGS.has(type))).toEqual(scan(stream));
      }),
      { numRuns: 1_000 },
    );
  });

  it('accounts for every byte', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const stream = bytes(...pieces);
        let framed = 0;
        let lineEnds = 0;
        for (const [type, what] of frames(stream)) {
          framed += typeof what === 'number' ? what : what.length / 2;
          if (type === 'nmea' || type === 'log' || type === 'gsensor') lineEnds += 2;
        }
        expect(framed).toBeLessThanOrEqual(stream.length);
        expect(framed + lineEnds).toBeGreaterThanOrEqual(stream.length);
      }),
      { numRuns: 300 },
    );
  });

  it('never keeps more than one maximal frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), { maxLength: 12 }), (chunks) => {
        const framer = new GnssFramer();
        for (const chunk of chunks) {
          for (const _ of framer.push(bytes([0xb5, 0x62, 0x01, 0x07, 0xf0, 0x1f], chunk)));
          expect(framer.buffered).toBeLessThanOrEqual(MAX_FRAME);
        }
      }),
    );
  });

  it('gives out what waits behind a false header once the line is quiet', () => {
    const framer = new GnssFramer();
    const stream = bytes([0xb5, 0x62, 0x01, 0x07, 0x00, 0x10], ZDA, ACK, MSM.subarray(0, 10));
    expect([...framer.push(stream)]).toEqual([]);
    expect([...framer.settle()].map((frame) => frame.type)).toEqual(['noise', 'nmea', 'ubx']);
    expect([...framer.push(MSM.subarray(10))].map((frame) => frame.type)).toEqual(['rtcm3']);
  });

  it('leaves a frame alone that is merely slow', () => {
    const framer = new GnssFramer();
    const slow = ubx(0x01, 0x07, new Uint8Array(92).fill(0x24));
    expect([...framer.push(slow.subarray(0, 60)), ...framer.settle()]).toEqual([]);
    expect([...framer.push(slow.subarray(60))].map((frame) => frame.type)).toEqual(['ubx']);
  });
});
