import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import { GnssFramer, MAX_FRAME } from '../../../daemon/protocols/gnss/framer.ts';
import { checkRanges, type Observation } from '../../../daemon/readings/index.ts';
import { CORPORA, damage, randomBytes } from './corpora.ts';
import { decode, REFERENCE } from './decode.ts';

const captures = new URL('../../captures/gnss/', import.meta.url);

function recordings(): [name: string, bytes: Uint8Array][] {
  const folders = [captures.pathname, ...['gpsd', 'damaged'].map((folder) => join(CORPORA, folder))];
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.bin'))
    .map((path) => [path, readFileSync(path)]);
}

const digest = (observations: readonly Observation[]): string =>
  createHash('sha256').update(JSON.stringify(observations)).digest('hex');

function expectInRange(observations: readonly Observation[]): void {
  for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
}

describe('the GNSS decoder survives', () => {
  it('10 MB of random bytes, in bounded memory', () => {
    const framer = new GnssFramer();
    let given = 0;
    for (let part = 0; part < 160; part++) {
      const chunk = randomBytes(65_536, part);
      for (const frame of framer.push(chunk)) given += frame.type === 'noise' ? frame.bytes : frame.end - frame.start;
      expect(framer.buffered).toBeLessThanOrEqual(MAX_FRAME);
    }
    for (const frame of framer.end()) given += frame.type === 'noise' ? frame.bytes : frame.end - frame.start;
    expect(given).toBeGreaterThan(160 * 65_536 - 1_000);
  });

  const all = recordings();
  it(`every one of ${all.length} recordings with 1 % of its bytes changed`, () => {
    for (const [name, clean] of all) {
      const { observations, stats } = decode(damage(clean, 0.01, 1), { chunk: 512 });
      expectInRange(observations);
      expect(stats.bytes, name).toBe(clean.length);
    }
  });

  it(`every one of ${all.length} recordings cut short in many places`, () => {
    for (const [name, clean] of all) {
      for (let cut = 0; cut < 12; cut++) {
        const at = Math.floor((clean.length * (cut * 7 + 3)) / 97);
        const pieces = Buffer.concat([clean.subarray(0, at), clean.subarray(at + 1 + cut * 5)]);
        expectInRange(decode(pieces).observations);
        const decoder = new GnssDecoder({ referenceTime: REFERENCE });
        expectInRange([...decoder.push(clean.subarray(0, at), 0), ...decoder.quiet(1), ...decoder.end(2)]);
        expect(decoder.stats.bytes, name).toBe(at);
      }
    }
  });

  it(`every one of ${all.length} recordings, damaged or not, the same in chunks of 1, 7, 64 and 4096 bytes`, () => {
    for (const [name, clean] of all) {
      for (const stream of [clean, damage(clean, 0.01, 2)]) {
        const whole = decode(stream);
        for (const chunk of [1, 7, 64]) {
          const parts = decode(stream, { chunk });
          expect(digest(parts.observations), `${name} in chunks of ${chunk}`).toBe(digest(whole.observations));
          expect(parts.stats, `${name} in chunks of ${chunk}`).toEqual(whole.stats);
        }
      }
    }
  });

  it('garbage, which it counts before any frame has come', () => {
    const decoder = new GnssDecoder({ referenceTime: REFERENCE });
    decoder.push(Buffer.from('\x00\x01\x02'), 0);
    expect(decoder.stats.noise).toEqual({ sync: 3 });
  });

  it('ten thousand names of messages, counting the rest together', () => {
    const sentence = (name: string): string => {
      let sum = 0;
      for (const letter of name) sum ^= letter.charCodeAt(0);
      return `$${name}*${sum.toString(16).padStart(2, '0')}\r\n`;
    };
    const many = Array.from({ length: 10_000 }, (_, index) => sentence(`PX${index}`)).join('');
    const { messages } = decode(Buffer.from(many)).stats;
    expect(Object.keys(messages).length).toBeLessThanOrEqual(513);
    expect(messages['other']).toBe(10_000 - (Object.keys(messages).length - 1));
  });
});
