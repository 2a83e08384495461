/** The part of CBOR that the format uses: no floats, no tags, no null, integers within 2^53. */
export type CborValue = number | string | boolean | Uint8Array | readonly CborValue[] | CborMap;
export type CborMap = ReadonlyMap<number | string, CborValue>;
