import { decode, encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCbor, encodeCbor } from '../../daemon/proof/cbor.ts';
import type { CborValue } from '../../daemon/proof/cbor-value.ts';
import { fromHex, toHex } from '../../daemon/proof/hex.ts';
import { ProofError } from '../../daemon/proof/index.ts';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

const refusal = (text: string): string => {
  try {
    decodeCbor(hex(text));
    return 'taken';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return error.reason;
  }
};

const integer = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    integer,
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 30 }),
    fc
      .uniqueArray(fc.tuple(integer, tie('value')), { maxLength: 30, selector: ([key]) => key })
      .map((all) => new Map(all)),
  ),
}));

describe('the CBOR encoder', () => {
  it('agrees with cborg on every value of the format', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(toHex(encodeCbor(value))).toBe(toHex(encode(value)));
      }),
    );
  });

  it('refuses floats and integers beyond 2^53', () => {
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => encodeCbor(value)).toThrow(RangeError);
    }
  });
});

describe('the CBOR decoder', () => {
  it('gives back what was encoded, and what cborg gives', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        expect(decodeCbor(bytes)).toEqual(decode(bytes, { useMaps: true }));
        expect(toHex(encodeCbor(decodeCbor(bytes)))).toBe(toHex(bytes));
      }),
    );
  });

  it.each<[string, CborValue]>([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['20', -1],
    ['3863', -100],
    ['3b0000019a00000000', -1_760_936_591_361],
    ['3b001ffffffffffffe', Number.MIN_SAFE_INTEGER],
    ['f4', false],
    ['f5', true],
    ['40', new Uint8Array(0)],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['60', ''],
    ['62c3bc', '\u00fc'],
    ['64f0908591', '\u{10151}'],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    [
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    [
      'a26161016162820203',
      new Map<string, CborValue>([
        ['a', 1],
        ['b', [2, 3]],
      ]),
    ],
  ])('reads %s as RFC 8949, appendix A, says', (text, value) => {
    expect(decodeCbor(hex(text))).toEqual(value);
    expect(toHex(encodeCbor(value))).toBe(text);
  });

  it.each([
    ['1800', 'canonical', 'a one-byte argument below 24'],
    ['190017', 'canonical', 'a two-byte argument below 256'],
    ['1a0000ffff', 'canonical', 'a four-byte argument below 65,536'],
    ['1b00000000ffffffff', 'canonical', 'an eight-byte argument below 2^32'],
    ['5800', 'canonical', 'a long head of a byte string'],
    ['9f01ff', 'canonical', 'an indefinite array'],
    ['5f4101ff', 'canonical', 'an indefinite byte string'],
    ['1c', 'canonical', 'a reserved head'],
    ['a202010102', 'canonical', 'map keys out of order'],
    ['a201010102', 'canonical', 'a map key twice'],
    ['a161c300', 'canonical', 'a text that is not UTF-8'],
    ['1b0020000000000000', 'parse', '2^53'],
    ['3b001fffffffffffff', 'parse', '-2^53'],
    ['f90000', 'parse', 'a half float'],
    ['fb3ff0000000000000', 'parse', 'a double'],
    ['f6', 'parse', 'null'],
    ['f7', 'parse', 'undefined'],
    ['f818', 'parse', 'a simple value'],
    ['c100', 'parse', 'a tag'],
    ['d9010480', 'parse', 'a tag of cbor-x'],
    ['a1f400', 'parse', 'a boolean as a map key'],
    ['a1410000', 'parse', 'a byte string as a map key'],
    ['', 'parse', 'nothing'],
    ['18', 'parse', 'half a head'],
    ['42ff', 'parse', 'half a byte string'],
    ['8201', 'parse', 'half an array'],
    ['9affffffff', 'parse', 'an array of four milliards'],
    ['bbffffffffffffffff', 'parse', 'a map without end'],
    ['0000', 'parse', 'bytes after the item'],
    [`${'81'.repeat(9)}00`, 'size', 'nine arrays in one another'],
    ['81'.repeat(100_000), 'size', 'a hundred thousand arrays in one another'],
  ])('refuses %s as %s: %s', (text, reason) => {
    expect(refusal(text)).toBe(reason);
  });
});
