/**
 * One way through the format for both directions: an encoder writes the value given and returns it, a decoder passes over the value
 * given and returns the one it read. So whatever describes a layout describes it once.
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

/** A number from 0 to 2^53 - 1: its length in bits (6 bits), then the bits below the highest. */
export function codeUint(coder: Coder, value: number): number {
  const length = coder.bits(6, bitLength(value));
  if (length <= 1) return length;
  const high = 2 ** (length - 1);
  return high + coder.bits(length - 1, value - high);
}

/** A number of either sign: its magnitude, then a bit for its sign unless it is 0. */
export function codeInt(coder: Coder, value: number): number {
  const magnitude = codeUint(coder, Math.abs(value));
  if (magnitude === 0) return 0;
  return coder.bits(1, value < 0 ? 1 : 0) === 1 ? -magnitude : magnitude;
}

/** Bits that a non-negative safe integer takes; 0 for 0. */
export function bitLength(value: number): number {
  return value < 0x100000000 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 0x100000000));
}
