import { describe, expect, it } from 'vitest';
import { codeColumns, decodeColumns, encodeColumns } from '../../daemon/proof/block/columns.ts';
import { RangeDecoder } from '../../daemon/proof/block/range-decoder.ts';
import { RangeEncoder } from '../../daemon/proof/block/range-encoder.ts';
import { type Column, type IntColumn, noPrediction, type Stream } from '../../daemon/proof/block/stream.ts';
import { ProofError } from '../../daemon/proof/index.ts';
import { fixes, noise, SOURCES } from './samples.ts';

const ROWS = 4;

const ints = (key: number, rows = ROWS): IntColumn => ({
  type: 'int',
  key,
  present: new Uint8Array(rows).fill(1),
  values: new Float64Array(rows),
  prediction: noPrediction(),
});

const bytes = (key: number, value: Uint8Array, rows = ROWS): Column => ({
  type: 'bytes',
  key,
  present: new Uint8Array(rows).fill(1),
  values: Array.from({ length: rows }, () => value),
});

/**
 * Columns as no honest encoder would write them: gnss.fix of the first source, unless told otherwise. Where the encoder
 * itself will not go on, what it wrote by then holds the offence already.
 */
function forge(columns: Column[], part: Partial<Stream> = {}, rows = ROWS): Uint8Array {
  const stream: Stream = {
    kind: 1,
    source: 0,
    rows,
    time: new Float64Array(rows),
    timePrediction: noPrediction(),
    columns,
    ...part,
  };
  const encoder = new RangeEncoder();
  try {
    codeColumns(encoder, new Uint16Array(rows), [stream]);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
  }
  return encoder.finish();
}

const decode = (columns: Uint8Array, size = ROWS): unknown => decodeColumns(columns, SOURCES, size);

describe('columns', () => {
  it('of a sound forgery are taken, so that those below are refused for what they say', () => {
    expect(decode(forge([ints(2)]))).toEqual(
      Array.from({ length: ROWS }, () => ({ kind: 'gnss.fix', source: 'gnss0', t: 0, fields: { mode: 0 } })),
    );
  });

  const astray = { ...noPrediction(), taps: [{ series: 3, lag: 0, level: false, weight: 1 }] };
  it.each<[string, string, Uint8Array, number?]>([
    ['a kind that the table does not have', 'range', forge([ints(2)], { kind: 999 })],
    ['a field that the table does not have', 'range', forge([ints(99)])],
    ['a field of another type', 'range', forge([bytes(2, new Uint8Array(3))])],
    ['a time before 1970', 'range', forge([ints(2)], { time: new Float64Array(ROWS).fill(-1) })],
    [
      'a time past the year 9999',
      'range',
      forge([ints(2)], { time: new Float64Array(ROWS).fill(253_402_300_800_000) }),
    ],
    ['a source that the proof does not list', 'block', forge([ints(2)], { source: 2 })],
    ['one field twice', 'block', forge([ints(2), ints(2)])],
    ['fewer readings than the proof says', 'block', forge([ints(2)]), ROWS + 1],
    ['more readings than the proof says', 'block', forge([ints(2)]), ROWS - 1],
    ['a polar pair of series that are not there', 'block', forge([{ type: 'polar', length: 9, angle: 1, turn: 360 }])],
    ['a polar pair without a turn', 'block', forge([{ type: 'polar', length: 1, angle: 1, turn: 3 }])],
    ['a tap on a series that is not there', 'block', forge([{ ...ints(2), prediction: astray }])],
    ['no bytes', 'block', new Uint8Array(0)],
  ])('with %s are refused: %s', (_, reason, columns, size) => {
    expect(() => decode(columns, size)).toThrowError(expect.objectContaining({ reason }));
  });

  it('that claim more values than a proof may hold are refused before they are unpacked', () => {
    const rows = 20_000;
    const many = Array.from({ length: 30 }, (_, key) => ints(key + 1, rows));
    expect(() => decode(forge(many, {}, rows), rows)).toThrowError(expect.objectContaining({ reason: 'block' }));
  });

  it('that claim more bytes than a proof may hold are refused', () => {
    const columns = forge([bytes(9, new Uint8Array(2_000_000))]);
    expect(columns.length).toBeLessThan(100_000);
    expect(() => decode(columns)).toThrowError(expect.objectContaining({ reason: 'block' }));
  });

  it('hold a moving receiver in far less than its rows', () => {
    const packed = encodeColumns(fixes(600), () => 0);
    expect(packed.length / 600).toBeLessThan(7.5);
  });
});

describe('the range coder', () => {
  it('gives back any bits under any contexts', () => {
    const random = noise(11);
    const plan = Array.from({ length: 20_000 }, () => {
      const pick = random.next().value;
      return { raw: pick % 5 === 0, width: pick % 54, context: pick % 40, bit: random.next().value % 7 === 0 ? 1 : 0 };
    });
    const encoder = new RangeEncoder();
    const first = encoder.contexts(40);
    for (const { raw, width, context, bit } of plan) {
      if (raw) encoder.bits(width, bit === 1 ? 2 ** width - 1 : 0);
      else encoder.bit(first + context, bit);
    }
    const decoder = new RangeDecoder(encoder.finish());
    decoder.contexts(40);
    for (const { raw, width, context, bit } of plan) {
      if (raw) expect(decoder.bits(width)).toBe(bit === 1 ? 2 ** width - 1 : 0);
      else expect(decoder.bit(first + context)).toBe(bit);
    }
    decoder.end();
  });

  it('settles carries through long runs of ones', () => {
    for (let ones = 0; ones < 200; ones++) {
      const encoder = new RangeEncoder();
      for (let i = 0; i < ones; i++) encoder.bits(1, 1);
      encoder.bits(3, 5);
      const context = encoder.contexts(1);
      for (let i = 0; i < 40; i++) encoder.bit(context, 0);
      const decoder = new RangeDecoder(encoder.finish());
      for (let i = 0; i < ones; i++) expect(decoder.bits(1)).toBe(1);
      expect(decoder.bits(3)).toBe(5);
      decoder.contexts(1);
      for (let i = 0; i < 40; i++) expect(decoder.bit(context)).toBe(0);
      decoder.end();
    }
  });
});
