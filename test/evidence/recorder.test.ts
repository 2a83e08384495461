import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvidenceRecorder, listSegments, readRange } from '../../daemon/evidence/index.ts';
import { SegmentRing } from '../../daemon/evidence/ring.ts';
import { checkRanges, type Observation } from '../../daemon/readings/index.ts';
import { keptLog } from '../support/kept-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-evidence-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Evidence = Extract<Observation, { kind: 'source.evidence' }>;

/** A recorder whose readings can be awaited. */
class Bench {
  readonly readings: Evidence[] = [];
  readonly recorder: EvidenceRecorder;
  readonly #events = new EventEmitter();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(every: number, maxBytes = 1_000_000) {
    this.recorder = new EvidenceRecorder(
      { directory: folder, maxBytes, every },
      {
        source: 'gnss',
        onObservation: (observation) => {
          this.readings.push(observation as Evidence);
          this.#events.emit('reading');
        },
        now: () => 1_700_000_000_000,
        log: keptLog(),
      },
    );
  }

  async start(): Promise<this> {
    await this.recorder.open();
    this.#running = this.recorder.run(this.#stop.signal);
    return this;
  }

  next(): Promise<unknown> {
    return once(this.#events, 'reading');
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

async function gathered(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const part of parts) list.push(part);
  return Buffer.concat(list);
}

async function bytesBehind({ fields: { from = 0, offset } }: Evidence): Promise<Buffer | undefined> {
  const range = readRange(await listSegments(join(folder, 'gnss')), from, offset);
  return range && (await gathered(range));
}

describe('raw evidence', () => {
  it('hashes every byte once, in readings that follow each other, each with its bytes on disk', async () => {
    const bench = await new Bench(20).start();
    const sent: Uint8Array[] = [];
    for (let round = 0; round < 5; round++) {
      const reading = bench.next();
      for (let count = 0; count < 10; count++) {
        const chunk = randomBytes(1 + ((round * 17 + count) % 90));
        sent.push(chunk);
        bench.recorder.record(chunk);
      }
      await reading;
    }
    await bench.stop();
    let at = 0;
    const all = Buffer.concat(sent);
    for (const reading of bench.readings) {
      const { from, offset } = reading.fields;
      expect(from).toBe(at);
      expect(reading.fields.sha256).toEqual(sha256(all.subarray(at, offset)));
      expect(await bytesBehind(reading)).toEqual(all.subarray(at, offset));
      expect(checkRanges(reading.kind, reading.fields)).toEqual([]);
      at = offset;
    }
    expect(at).toBe(all.length);
  });

  it('makes a reading of what is left at the end, and none of nothing', async () => {
    const bench = await new Bench(60_000).start();
    bench.recorder.record(Buffer.from('the last bytes'));
    await bench.stop();
    expect(bench.readings).toHaveLength(1);
    const again = await new Bench(60_000).start();
    await again.stop();
    expect(again.readings).toEqual([]);
  });

  it('goes on after a restart where it ended', async () => {
    const texts = ['first life', 'second life', 'third'];
    const readings: Evidence[] = [];
    for (const text of texts) {
      const bench = await new Bench(60_000).start();
      bench.recorder.record(Buffer.from(text));
      await bench.stop();
      readings.push(...bench.readings);
    }
    expect(readings.map(({ fields }) => [fields.from, fields.offset])).toEqual([
      [0, 10],
      [10, 21],
      [21, 26],
    ]);
    for (const [index, reading] of readings.entries()) expect(String(await bytesBehind(reading))).toBe(texts[index]);
  });

  it('refuses to start where it may not write', async () => {
    const file = join(folder, 'gnss');
    writeFileSync(file, 'in the way');
    await expect(new Bench(1_000).recorder.open()).rejects.toMatchObject({ code: 'FILE_NOT_WRITABLE' });
  });

  it('goes on hashing while the disk fails, and its bytes wait for the disk', async () => {
    const bench = await new Bench(20).start();
    const before = bench.next();
    bench.recorder.record(Buffer.from('good'));
    await before;
    rmSync(join(folder, 'gnss'), { recursive: true });
    writeFileSync(join(folder, 'gnss'), 'in the way');
    const during = bench.next();
    // The open file is still there, though nobody can find it: a new segment is what fails.
    const all = randomBytes(200_000);
    bench.recorder.record(all);
    await during;
    expect(bench.readings[1]?.fields.sha256).toEqual(sha256(all));
    expect(bench.recorder.trouble).toContain('FILE_NOT_WRITABLE');
    rmSync(join(folder, 'gnss'));
    await bench.stop();
    expect([bench.recorder.trouble, bench.recorder.lostBytes]).toEqual([undefined, 0]);
    const [segment] = await listSegments(join(folder, 'gnss'));
    const from = segment?.from ?? 0;
    expect(from).toBeLessThan(all.length);
    const range = readRange(await listSegments(join(folder, 'gnss')), from, 4 + all.length);
    expect(range && (await gathered(range)).equals(all.subarray(from - 4))).toBe(true);
  });

  it('gives up, and counts, what is more than memory may hold', async () => {
    const bench = await new Bench(20).start();
    rmSync(join(folder, 'gnss'), { recursive: true });
    writeFileSync(join(folder, 'gnss'), 'in the way');
    for (let n = 0; n < 6; n++) {
      const reading = bench.next();
      bench.recorder.record(Buffer.alloc(1_000_000, n));
      await reading;
    }
    expect(bench.recorder.lostBytes).toBeGreaterThanOrEqual(4_000_000);
    await bench.stop();
    expect(bench.recorder.lostBytes).toBe(6_000_000);
    expect(bench.readings.map(({ fields }) => fields.offset)).toEqual([1, 2, 3, 4, 5, 6].map((n) => n * 1_000_000));
  });
});

describe('the ring of segments', () => {
  const MAX = 16_000;

  it('never takes more room than it may, and keeps the latest bytes', async () => {
    const ring = new SegmentRing(folder, MAX);
    let offset = await ring.open();
    const all = randomBytes(100_000);
    for (let at = 0; at < all.length; ) {
      const piece = all.subarray(at, at + 1 + ((at * 7) % 5_000));
      await ring.append(offset, piece);
      offset += piece.length;
      at += piece.length;
      const segments = await listSegments(folder);
      expect(segments.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(MAX);
    }
    await ring.close();
    const segments = await listSegments(folder);
    const first = segments[0]?.from ?? 0;
    expect(all.length - first).toBeGreaterThan(MAX * 0.9);
    const range = readRange(segments, first, all.length);
    expect(range && (await gathered(range)).equals(all.subarray(first))).toBe(true);
    expect(readRange(segments, first - 1, all.length)).toBeUndefined();
    expect(readRange(segments, first, all.length + 1)).toBeUndefined();
  });

  it('names each segment by the offset of its first byte, and passes over what is none', async () => {
    writeFileSync(join(folder, 'README'), 'mine');
    const ring = new SegmentRing(folder, MAX);
    await ring.open();
    await ring.append(0, Buffer.from('abc'));
    await ring.append(10, Buffer.from('xyz'));
    await ring.sync();
    await ring.close();
    expect(readdirSync(folder).sort()).toEqual(['0000000000000000.bin', '0000000000000010.bin', 'README']);
    expect(String(readFileSync(join(folder, '0000000000000010.bin')))).toBe('xyz');
    expect(await new SegmentRing(folder, MAX).open()).toBe(13);
    const segments = await listSegments(folder);
    expect(readRange(segments, 0, 11)).toBeUndefined();
  });
});
