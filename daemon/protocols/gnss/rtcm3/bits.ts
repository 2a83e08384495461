/** Reads the big-endian bit fields of one RTCM3 message; bit 0 is the first of its message number. */
export class Bits {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** How many bits the message has. */
  length = 0;

  /** Takes the message at [start, end) of a buffer, without the frame's header and CRC. */
  take(buffer: Uint8Array, start: number, end: number): void {
    this.#buffer = buffer;
    this.#start = start;
    this.length = (end - start) * 8;
  }

  /** `count` bits from `at`, at most 48, as a whole number. The caller has held them against `length`. */
  unsigned(at: number, count: number): number {
    let value = 0;
    for (let bit = at; bit < at + count; ) {
      const offset = bit & 7;
      const size = Math.min(8 - offset, at + count - bit);
      const byte = this.#buffer[this.#start + (bit >> 3)] ?? 0;
      value = value * 2 ** size + ((byte >> (8 - offset - size)) & ((1 << size) - 1));
      bit += size;
    }
    return value;
  }

  /** The same in two's complement. */
  signed(at: number, count: number): number {
    const value = this.unsigned(at, count);
    return value >= 2 ** (count - 1) ? value - 2 ** count : value;
  }

  /** How many of `count` bits from `at` are set. */
  ones(at: number, count: number): number {
    let set = 0;
    for (let bit = at; bit < at + count; bit++) set += this.unsigned(bit, 1);
    return set;
  }
}
