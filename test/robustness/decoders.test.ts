import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Decoder, PROTOCOLS } from '../../daemon/protocols/index.ts';
import { checkRanges, type Observation } from '../../daemon/readings/index.ts';
import { CORPORA, damage, randomBytes } from '../protocols/gnss/corpora.ts';
import { createDecoder } from '../support/decoders.ts';
import { runCommand } from '../support/run-command.ts';
import { keptBy } from './memory.ts';

const REFERENCE = Date.UTC(2026, 0, 15);
const TEN_MEGABYTES = 10_000_000;
/** What a decoder may keep, however much it was fed: its counters, one frame, one epoch; and what V8 compiled meanwhile. */
const MAX_KEPT = 2_000_000;

const captures = new URL('../captures/', import.meta.url).pathname;
const folders = [captures, join(CORPORA, 'gpsd'), join(CORPORA, 'damaged')].filter((folder) => existsSync(folder));
const recordings = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bin'))
    .map((name) => join(folder, name)),
);

describe.each(Object.entries(PROTOCOLS))('the decoder of %s', (_, protocol) => {
  const feed = (parts: Iterable<Uint8Array>): { decoder: Decoder; bytes: number } => {
    const decoder = createDecoder(protocol, { referenceTime: REFERENCE });
    let bytes = 0;
    let t = REFERENCE;
    const take = (observations: readonly Observation[]) => {
      for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
    };
    for (const part of parts) {
      take(decoder.push(part, t++));
      bytes += part.length;
    }
    take(decoder.quiet(t));
    return { decoder, bytes };
  };

  it('takes 10 MB of random bytes and keeps no more than at the start', () => {
    // A library that only this protocol needs is loaded with its first decoder, and hot code is compiled.
    feed([randomBytes(1_000_000, 1)]);
    let fed: ReturnType<typeof feed> | undefined;
    const kept = keptBy(() => {
      fed = feed(
        (function* () {
          for (let seed = 0; seed * 50_000 < TEN_MEGABYTES; seed++) yield randomBytes(50_000, seed);
        })(),
      );
    });
    expect(fed?.bytes).toBe(TEN_MEGABYTES);
    expect(fed?.decoder.stats.bytes).toBe(TEN_MEGABYTES);
    expect(kept).toBeLessThan(MAX_KEPT);
  });

  it(`takes all ${recordings.length} recordings, of whatever device, one after the other with 1 % of their bytes changed`, () => {
    let fed: ReturnType<typeof feed> | undefined;
    const kept = keptBy(() => {
      fed = feed(
        (function* () {
          for (const [seed, name] of recordings.entries()) yield damage(readFileSync(name), 0.01, seed);
        })(),
      );
    });
    expect(fed?.decoder.stats.bytes).toBe(fed?.bytes);
    expect(kept).toBeLessThan(MAX_KEPT);
  });
});

describe('fieldseal decode', () => {
  it.each(Object.keys(PROTOCOLS))('answers 10 MB of random bytes as %s with counts', async (name) => {
    const stdin = randomBytes(TEN_MEGABYTES, 77);
    const { code, stderr } = await runCommand(['decode', '--protocol', name, '--stats', '-'], { stdin });
    expect(code).toBe(0);
    const { bytes, noise } = JSON.parse(stderr);
    expect(bytes).toBe(TEN_MEGABYTES);
    const given = Object.values<number>(noise).reduce((sum, count) => sum + count, 0);
    expect(given).toBeGreaterThan(TEN_MEGABYTES * 0.9);
  });
});
