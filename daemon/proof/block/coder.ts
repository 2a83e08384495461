/**
 * One way through the format for both directions: an encoder writes the value given and returns it, a decoder passes
 * over the value given and returns the one it read. So whatever describes a layout describes it once.
 */
export interface Coder {
  readonly decoding: boolean;
  /** A bit under an adaptive context. */
  bit(context: number, value: number): number;
  /** `width` bits, 0 to 53, all equally likely, highest first. */
  bits(width: number, value: number): number;
  /** Makes room for so many contexts and tells the number of the first. */
  contexts(count: number): number;
}

/** Bits that a non-negative safe integer takes; 0 for 0. */
export function bitLength(value: number): number {
  return value < 0x100000000 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 0x100000000));
}

const POWERS = Float64Array.from({ length: 64 }, (_, exponent) => 2 ** exponent);

/** 2 to the power of 0 to 63, looked up. */
export const powerOf2 = (exponent: number): number => POWERS[exponent] ?? 0;
