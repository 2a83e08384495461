import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FRAME, ReceiverFramer } from '../../../daemon/protocols/adsb/framer.ts';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { randomBytes } from '../gnss/corpora.ts';
import { avr, beast, decode, withParity } from './wire.ts';

const IDENTITY = '8D4840D6202CC371C32CE0576098';
/** A sound squitter with three escapes in it. */
const ESCAPES = withParity('8D1A1A1A202CC371C32CE0');

const lines = (...texts: string[]): Buffer => Buffer.from(texts.join(''));

describe('a receiver’s stream', () => {
  it('is read in either format, in any order', () => {
    const stream = Buffer.concat([
      beast(IDENTITY),
      avr(IDENTITY),
      avr(IDENTITY, 5),
      beast(ESCAPES),
      lines(`*${IDENTITY.toLowerCase()};\n`),
    ]);
    const { observations, stats } = decode(stream);
    expect(stats).toMatchObject({ frames: { beast: 2, avr: 3 }, noise: {}, frameBytes: stream.length });
    expect(observations).toHaveLength(5);
  });

  it('with a level in its lines is read too', () => {
    const { observations } = decode(lines(`<00000000000A80${IDENTITY};\n`));
    expect(observations).toMatchObject([{ fields: { timestamp: 10, signal: -60 } }]);
  });

  it('may carry Mode A/C and reports of the receiver on itself, which are passed over', () => {
    const stream = Buffer.concat([beast('7700'), beast('00'.repeat(14), { type: '4' }), beast(IDENTITY)]);
    expect(decode(stream).stats).toMatchObject({
      frames: { beast: 3 },
      messages: { 'Mode-AC': 1, 'receiver-status': 1, 'DF17-identification': 1 },
      noise: {},
    });
  });

  const broken = Buffer.from(beast(IDENTITY));
  broken[12] = 0x55;
  it.each<[string, Buffer, Record<string, number>]>([
    ['a changed byte', broken, { checksum: broken.length }],
    ['a changed digit', lines(`*8D4840D6202CC371C32CE0576099;`), { checksum: 30 }],
    ['a frame cut short', beast(IDENTITY).subarray(0, 12), { truncated: 12 }],
    ['a line cut short', lines('*8D4840D6'), { malformed: 9 }],
    ['a line of the wrong length', lines('*8D48;'.replace('48', '4840')), { short: 8 }],
    ['a line without an end', lines(`*${'0'.repeat(29)}`), { oversize: 29, sync: 1 }],
    ['a downlink format that there is not', lines(`*${'F8'.replace('F8', '08')}000000000000;`), { malformed: 16 }],
    ['a long format in a short message', lines('*8D4840D6202CC3;'), { malformed: 16 }],
    ['a type that there is not', Buffer.from([0x1a, 0x39, 1, 2, 3]), { sync: 5 }],
    ['text', lines('hello\r\n'), { sync: 7 }],
  ])('gives up %s, and only that', (_name, garbage, noise) => {
    const { observations, stats } = decode(Buffer.concat([garbage, beast(IDENTITY), avr(IDENTITY)]));
    expect(observations).toHaveLength(2);
    expect(stats.noise).toEqual(noise);
  });

  it('accounts for each byte, and is the same in any chunks', () => {
    const part = fc.oneof(
      fc.constantFrom(
        beast(IDENTITY),
        beast(ESCAPES),
        avr(IDENTITY),
        avr(IDENTITY, 77),
        beast('7700'),
        avr('5D484FDEA248F5'),
      ),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(Buffer.from([0x1a]), Buffer.from([0x1a, 0x33]), lines('*8D'), lines('@'), lines('\r\n')),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (parts, chunk) => {
        const stream = Buffer.concat(parts);
        const whole = decode(stream);
        expect(decode(stream, { chunk })).toEqual(whole);
        for (const { kind, fields } of whole.observations) expect(checkRanges(kind, fields)).toEqual([]);
        const noise = Object.values(whole.stats.noise).reduce((sum, bytes) => sum + bytes, 0);
        expect((whole.stats.frameBytes ?? 0) + noise).toBe(stream.length);
      }),
    );
  });

  it('of random bytes is bounded noise', () => {
    const framer = new ReceiverFramer();
    let given = 0;
    for (let part = 0; part < 32; part++) {
      const chunk = randomBytes(65_536, part);
      for (const frame of framer.push(chunk)) if (frame.type === 'noise') given += frame.bytes;
      expect(framer.buffered).toBeLessThanOrEqual(MAX_FRAME);
    }
    expect(given + framer.frameBytes + framer.buffered).toBe(32 * 65_536);
    expect(framer.frameBytes).toBeLessThan(32 * 1024);
  });
});
