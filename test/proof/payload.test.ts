import { describe, expect, it } from 'vitest';
import { decodeCbor, encodeCbor } from '../../daemon/proof/cbor.ts';
import type { CborValue } from '../../daemon/proof/cbor-value.ts';
import { MAX_LOSSES, MAX_NAME, MAX_READINGS, MAX_SOURCES, type Payload } from '../../daemon/proof/index.ts';
import { decodePayload, encodePayload } from '../../daemon/proof/payload.ts';
import { LOSSES, SOURCES } from './samples.ts';

const PAYLOAD: Payload = {
  epoch: new Uint8Array(16).fill(1),
  seq: 7,
  prev: new Uint8Array(32).fill(2),
  size: 3,
  root: new Uint8Array(32).fill(3),
  first: 1_777_777_777_777,
  last: 1_777_777_777_778,
  clock: { source: 'ntp', uncertaintyMs: 12, bootId: new Uint8Array(16).fill(4), sinceBootMs: 99 },
  nonce: new Uint8Array(16).fill(5),
  losses: LOSSES,
  sources: SOURCES,
  software: { name: 'fieldseal', version: '0.1.0' },
};

/** The payload with one member changed, or without it. */
function changed(key: number, value: CborValue | undefined): Uint8Array {
  const members = new Map(decodeCbor(encodePayload(PAYLOAD)) as ReadonlyMap<number, CborValue>);
  if (value === undefined) members.delete(key);
  else members.set(key, value);
  return encodeCbor(members);
}

const clock = (key: number, value: CborValue): CborValue =>
  new Map<number, CborValue>([
    [1, 2],
    [2, 12],
    [3, new Uint8Array(16)],
    [4, 99],
    [key, value],
  ]);

const digest = new Uint8Array(32);
const loss = [1, 2, 3, 4];
const epoch = new Uint8Array(16);

describe('a payload', () => {
  it('is the same after encoding, with and without what may be absent', () => {
    expect(decodePayload(encodePayload(PAYLOAD))).toEqual(PAYLOAD);
    const { nonce: _, ...bare } = { ...PAYLOAD, losses: [], sources: [] };
    expect(decodePayload(encodePayload(bare))).toEqual(bare);
  });

  it.each(['none', 'rtc', 'ntp', 'gnss'] as const)('names the clock %s', (source) => {
    const payload = { ...PAYLOAD, clock: { ...PAYLOAD.clock, source } };
    expect(decodePayload(encodePayload(payload))).toEqual(payload);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13])('without member %i is refused', (key) => {
    expect(() => decodePayload(changed(key, undefined))).toThrowError(expect.objectContaining({ reason: 'parse' }));
  });

  it.each<[string, string, number, CborValue]>([
    ['version 2', 'version', 1, 2],
    ['a member of no known meaning', 'parse', 14, 0],
    ['a member with a text for a key', 'parse', 'x' as unknown as number, 0],
    ['an epoch of 15 bytes', 'parse', 2, new Uint8Array(15)],
    ['a negative seq', 'parse', 3, -1],
    ['a seq 0 that names one before it', 'parse', 3, 0],
    ['a text for prev', 'parse', 4, 'prev'],
    ['too many readings', 'size', 5, MAX_READINGS + 1],
    ['a root of 31 bytes', 'parse', 6, new Uint8Array(31)],
    ['a time past the year 9999', 'parse', 7, 253_402_300_800_000],
    ['a clock of no known source', 'parse', 9, clock(1, 4)],
    ['a clock with a member more', 'parse', 9, clock(5, 0)],
    ['an array for a clock', 'parse', 9, []],
    ['a nonce of 17 bytes', 'parse', 10, new Uint8Array(17)],
    ['an empty list of losses', 'canonical', 11, []],
    ['a loss of three', 'parse', 11, [[1, 2, 3]]],
    ['a loss of six', 'parse', 11, [[1, 2, 3, 4, [epoch, 1, 1], 6]]],
    ['a loss with a number for a range of proofs', 'parse', 11, [[1, 2, 3, 4, 5]]],
    ['a loss with a range of two', 'parse', 11, [[1, 2, 3, 4, [epoch, 1]]]],
    ['a loss with a range of an epoch of 15 bytes', 'parse', 11, [[1, 2, 3, 4, [epoch.subarray(1), 1, 1]]]],
    ['a loss with a range that ends before it begins', 'parse', 11, [[1, 2, 3, 4, [epoch, 2, 1]]]],
    ['a loss with a range that begins below 0', 'parse', 11, [[1, 2, 3, 4, [epoch, -1, 1]]]],
    ['a loss for no known reason', 'parse', 11, [[0, 2, 3, 4]]],
    ['a negative loss', 'parse', 11, [[1, -2, 3, 4]]],
    ['too many losses', 'size', 11, Array.from({ length: MAX_LOSSES + 1 }, () => loss)],
    ['too many sources', 'size', 12, Array.from({ length: MAX_SOURCES + 1 }, (_, i) => [`s${i}`, 'p', digest])],
    [
      'a source twice',
      'parse',
      12,
      [
        ['a', 'p', digest],
        ['a', 'q', digest],
      ],
    ],
    ['a source without a name', 'parse', 12, [['', 'p', digest]]],
    ['a source with a name too long', 'parse', 12, [['\u00fc'.repeat(MAX_NAME / 2 + 1), 'p', digest]]],
    ['a profile digest of 31 bytes', 'parse', 12, [['a', 'p', digest.subarray(1)]]],
    ['software without a version', 'parse', 13, ['fieldseal']],
  ])('with %s is refused: %s', (_, reason, key, value) => {
    expect(() => decodePayload(changed(key, value))).toThrowError(expect.objectContaining({ reason }));
  });
});
