import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureDecoder, CaptureEncoder, type CaptureRecord, isCapture } from '../../daemon/serial/index.ts';
import { afterwards, supervise } from './bench.ts';

const START = Date.UTC(2026, 4, 1);

function encode(records: readonly CaptureRecord[], datagrams = false): Buffer {
  const encoder = new CaptureEncoder();
  const parts = [encoder.begin({ start: START, path: '/dev/ttyX', datagrams, profile: 'gnss/x' })];
  for (const record of records) parts.push(encoder.record(record));
  return Buffer.concat(parts);
}

function decode(bytes: Uint8Array, size = bytes.length): { records: CaptureRecord[]; decoder: CaptureDecoder } {
  const decoder = new CaptureDecoder();
  const records: CaptureRecord[] = [];
  for (let at = 0; at < bytes.length; at += size) records.push(...decoder.push(bytes.subarray(at, at + size)));
  return { records, decoder };
}

const record = fc
  .record({
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    peer: fc.constantFrom('', '[::1]:9', '10.0.0.1:1700'),
  })
  .map(({ bytes, peer }) => (peer === '' ? { bytes } : { bytes, peer }));

describe('a recording with timings', () => {
  it('gives back what was recorded, in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(record), fc.integer({ min: 1, max: 300 }), fc.integer({ max: 9e6 }), (given, size, step) => {
        const records = given.map((one, index) => ({ ...one, atMs: Math.abs(index * step) }));
        const read = decode(encode(records), size);
        expect(read.records).toEqual(records);
        expect(read.decoder.damaged).toBe(false);
        expect(read.decoder.header).toEqual({ start: START, path: '/dev/ttyX', datagrams: false, profile: 'gnss/x' });
      }),
      { numRuns: 200 },
    );
  });

  it('holds pauses longer than a record can say, to the microsecond', () => {
    const records = [
      { atMs: 0.001, bytes: Uint8Array.of(1) },
      { atMs: 20_000_000.002, bytes: Uint8Array.of(2) },
    ];
    expect(decode(encode(records)).records).toEqual(records);
  });

  it('is good up to where it was cut off', () => {
    const records = [1, 2, 3].map((value) => ({ atMs: value, bytes: new Uint8Array(50).fill(value) }));
    const whole = encode(records);
    const { records: read, decoder } = decode(whole.subarray(0, -1));
    expect(read).toEqual(records.slice(0, 2));
    expect(decoder.damaged).toBe(false);
  });

  it.each([
    ['another magic', Buffer.from('fieldseal-capture 2\n{"start":0}\n')],
    ['a header that is no JSON', Buffer.from('fieldseal-capture 1\nhello\n')],
    ['a header without its time', Buffer.from('fieldseal-capture 1\n{}\n')],
    ['a header without end', Buffer.from(`fieldseal-capture 1\n${'x'.repeat(5_000)}`)],
    ['a record longer than any', Buffer.concat([encode([]), Buffer.from('000000000000000001', 'hex').fill(255, 5)])],
  ])('says that it is damaged where it has %s', (_, bytes) => {
    const { records, decoder } = decode(bytes);
    expect(records).toEqual([]);
    expect(decoder.damaged).toBe(true);
    expect(decoder.push(encode([{ atMs: 0, bytes: Uint8Array.of(1) }]))).toEqual([]);
  });

  it('never throws, nor holds more than one record, whatever is in it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 1, max: 64 }), (noise, size) => {
        decode(Buffer.concat([encode([]), noise]), size);
        decode(noise, size);
        expect(isCapture(noise)).toBe(false);
      }),
    );
  });
});

describe('a recording with timings as a port', () => {
  const lines = ['a\n', 'b\n', 'c\n'];

  function recorded(bytes: Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), 'fieldseal-recording-'));
    afterwards(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'port.capture');
    writeFileSync(path, bytes);
    return path;
  }

  const spaced = encode(lines.map((line, index) => ({ atMs: 300 * index, bytes: Buffer.from(line) })));

  it.each([
    { option: '?speed=1', least: 590, most: 3_000 },
    { option: '?speed=4', least: 145, most: 580 },
    { option: '?rate=20', least: 295, most: 2_000 },
    { option: '', least: 0, most: 290 },
  ])('is played in its time with "$option"', async ({ option, least, most }) => {
    const began = performance.now();
    const port = supervise({ path: `file:${recorded(spaced)}${option}` });
    await port.ended;
    const took = performance.now() - began;
    expect(port.text).toBe('a\nb\nc\n');
    expect(took).toBeGreaterThanOrEqual(least);
    expect(took).toBeLessThan(most);
  });

  it('keeps datagrams apart, with their senders', async () => {
    const heard: [string, string | undefined][] = [];
    const datagrams = ['1.2.3.4:5', '[::1]:6'].map((peer, atMs) => ({ atMs, bytes: Buffer.from('x\n'), peer }));
    const port = supervise({ path: `file:${recorded(encode(datagrams, true))}` });
    port.heard = (chunk, peer) => heard.push([Buffer.from(chunk).toString(), peer]);
    await port.ended;
    expect(heard).toEqual([
      ['x\n', '1.2.3.4:5'],
      ['x\n', '[::1]:6'],
    ]);
  });

  it('is not begun anew in a pause longer than the silence of its device', async () => {
    const port = supervise({ path: `file:${recorded(spaced)}?speed=1`, silenceMs: 40 });
    await port.ended;
    expect(port.text).toBe('a\nb\nc\n');
    expect(port.states).toContain('stalled');
    expect(port.supervisor.stats.opens).toBe(1);
  });

  it('ends where it is damaged', async () => {
    const port = supervise({ path: `file:${recorded(Buffer.concat([spaced, Buffer.alloc(40, 255)]))}` });
    await port.ended;
    expect(port.text).toBe('a\nb\nc\n');
  });

  it('has no speed where it is plain bytes', async () => {
    const port = supervise({ path: `file:${recorded(Buffer.from('plain\n'))}?speed=2` });
    await port.untilState('failed');
    expect(port.errors[0]?.toLine()).toContain('has no timings');
  });
});
