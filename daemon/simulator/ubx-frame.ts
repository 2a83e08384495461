/** A UBX payload that is filled from its beginning to its end, little-endian (u-blox interface description, "UBX protocol"). */
export class UbxPayload {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u1(...values: number[]): this {
    for (const value of values) this.#view.setUint8(this.#advance(1), value);
    return this;
  }

  i1(value: number): this {
    this.#view.setInt8(this.#advance(1), value);
    return this;
  }

  u2(...values: number[]): this {
    for (const value of values) this.#view.setUint16(this.#advance(2), Math.round(value), true);
    return this;
  }

  i2(value: number): this {
    this.#view.setInt16(this.#advance(2), Math.round(value), true);
    return this;
  }

  u4(...values: number[]): this {
    for (const value of values) this.#view.setUint32(this.#advance(4), Math.round(value), true);
    return this;
  }

  i4(...values: number[]): this {
    for (const value of values) this.#view.setInt32(this.#advance(4), Math.round(value), true);
    return this;
  }

  reserved(count: number): this {
    this.#advance(count);
    return this;
  }

  /** The frame: sync, class, id, length, payload, Fletcher checksum. */
  frame(messageClass: number, id: number): Uint8Array {
    if (this.#offset !== this.#bytes.length) throw new RangeError('the payload is not full');
    const { length } = this.#bytes;
    const frame = new Uint8Array(length + 8);
    frame.set([0xb5, 0x62, messageClass, id, length & 0xff, length >> 8]);
    frame.set(this.#bytes, 6);
    let [a, b] = [0, 0];
    for (const byte of frame.subarray(2, length + 6)) {
      a = (a + byte) & 0xff;
      b = (b + a) & 0xff;
    }
    frame.set([a, b], length + 6);
    return frame;
  }

  #advance(count: number): number {
    const at = this.#offset;
    this.#offset += count;
    return at;
  }
}
