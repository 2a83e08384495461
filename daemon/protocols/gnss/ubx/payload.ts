/**
 * The payload of one UBX message: little-endian numbers by their offset in it. The caller has held the offset against
 * `length`. One object serves all messages.
 */
export class UbxPayload {
  #view: DataView = new DataView(new ArrayBuffer(0));
  #buffer: ArrayBufferLike = this.#view.buffer;
  #start = 0;
  length = 0;

  /** Takes the frame at [start, end): sync, class, id and length before the payload, two checksum bytes behind. */
  take(buffer: Uint8Array, start: number, end: number): void {
    if (this.#buffer !== buffer.buffer) {
      this.#buffer = buffer.buffer;
      this.#view = new DataView(buffer.buffer);
    }
    this.#start = buffer.byteOffset + start + 6;
    this.length = end - start - 8;
  }

  u1(offset: number): number {
    return this.#view.getUint8(this.#start + offset);
  }

  i1(offset: number): number {
    return this.#view.getInt8(this.#start + offset);
  }

  u2(offset: number): number {
    return this.#view.getUint16(this.#start + offset, true);
  }

  i2(offset: number): number {
    return this.#view.getInt16(this.#start + offset, true);
  }

  u4(offset: number): number {
    return this.#view.getUint32(this.#start + offset, true);
  }

  i4(offset: number): number {
    return this.#view.getInt32(this.#start + offset, true);
  }
}
