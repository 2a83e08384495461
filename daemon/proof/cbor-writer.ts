import type { CborMap, CborValue } from './cbor-value.ts';

const utf8 = new TextEncoder();
const SHORT = 64;

/** Writes deterministic CBOR (RFC 8949, section 4.2.1) into one growing buffer. */
export class CborWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written since `start`; a view that the next write may overwrite. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }

  /** A copy of all that was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets what was written from `start` on. */
  rewind(start: number): void {
    this.#length = start;
  }

  value(value: CborValue): void {
    if (typeof value === 'number') this.int(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.raw(value ? 0xf5 : 0xf4);
    else if (value instanceof Uint8Array) this.byteString(value);
    else if (isArray(value)) {
      this.array(value.length);
      for (const item of value) this.value(item);
    } else this.#map(value);
  }

  int(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
    if (value < 0) this.#head(1, -1 - value);
    else this.#head(0, value);
  }

  byteString(bytes: Uint8Array): void {
    this.#head(2, bytes.length);
    this.bytes(bytes);
  }

  text(text: string): void {
    if (text.length < SHORT && this.#ascii(text)) return;
    const bytes = utf8.encode(text);
    this.#head(3, bytes.length);
    this.bytes(bytes);
  }

  array(length: number): void {
    this.#head(4, length);
  }

  /** The head of a map. The caller writes the entries, in the order of their encoded keys. */
  map(size: number): void {
    this.#head(5, size);
  }

  tag(tag: number): void {
    this.#head(6, tag);
  }

  /** One byte as it is. */
  raw(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes a short text that is all ASCII, which spares the way through the encoder; tells whether it was. */
  #ascii(text: string): boolean {
    const start = this.#length;
    this.#head(3, text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        return false;
      }
      this.#bytes[this.#length++] = unit;
    }
    return true;
  }

  #map(map: CborMap): void {
    this.map(map.size);
    if (isRising(map)) {
      for (const [key, value] of map) {
        this.value(key);
        this.value(value);
      }
      return;
    }
    const entries = [...map].map(([key, value]) => {
      const start = this.#length;
      this.value(key);
      const encoded = this.#bytes.slice(start, this.#length);
      this.rewind(start);
      return { encoded, value };
    });
    entries.sort((a, b) => compareBytes(a.encoded, b.encoded));
    for (const { encoded, value } of entries) {
      this.bytes(encoded);
      this.value(value);
    }
  }

  #head(major: number, argument: number): void {
    this.#reserve(9);
    const bytes = this.#bytes;
    const type = major << 5;
    if (argument < 24) bytes[this.#length++] = type | argument;
    else if (argument < 0x100) {
      bytes[this.#length++] = type | 24;
      bytes[this.#length++] = argument;
    } else if (argument < 0x10000) {
      bytes[this.#length++] = type | 25;
      bytes[this.#length++] = argument >> 8;
      bytes[this.#length++] = argument;
    } else if (argument < 0x100000000) {
      bytes[this.#length++] = type | 26;
      this.#uint32(argument);
    } else {
      bytes[this.#length++] = type | 27;
      this.#uint32(Math.floor(argument / 0x100000000));
      this.#uint32(argument % 0x100000000);
    }
  }

  #uint32(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = value >>> 24;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Whether the keys are rising numbers from 0 on: then that is the order of their encodings too. */
function isRising(map: CborMap): boolean {
  let before = -1;
  for (const key of map.keys()) {
    if (typeof key !== 'number' || key <= before) return false;
    before = key;
  }
  return true;
}

const isArray: (value: CborValue) => value is readonly CborValue[] = Array.isArray;

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
