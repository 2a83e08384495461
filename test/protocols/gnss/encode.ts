/**
 * Encoders of the three framings, independent of the decoder's code, for tests and for the captures of
 * test/captures/gnss.
 */

export const bytes = (...parts: readonly (string | Uint8Array | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

/** $body*hh CR LF */
export function nmea(body: string, delimiter = '$'): Buffer {
  let sum = 0;
  for (const character of body) sum ^= character.charCodeAt(0);
  return bytes(`${delimiter}${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`);
}

export function ubx(messageClass: number, id: number, payload: Uint8Array | readonly number[]): Uint8Array {
  const body = bytes([messageClass, id, payload.length & 0xff, payload.length >> 8], payload);
  let a = 0;
  let b = 0;
  for (const byte of body) {
    a = (a + byte) % 256;
    b = (b + a) % 256;
  }
  return bytes([0xb5, 0x62], body, [a, b]);
}

export function rtcm3(message: Uint8Array | readonly number[]): Uint8Array {
  const body = bytes([0xd3, message.length >> 8, message.length & 0xff], message);
  let crc = 0n;
  for (const byte of body) {
    for (let bit = 7; bit >= 0; bit--) {
      const top = ((crc >> 23n) & 1n) ^ BigInt((byte >> bit) & 1);
      crc = (crc << 1n) & 0xffffffn;
      if (top === 1n) crc ^= 0x864cfbn;
    }
  }
  const value = Number(crc);
  return bytes(body, [value >> 16, (value >> 8) & 0xff, value & 0xff]);
}

/** An RTCM3 message of a number and station, padded to a length. */
export function rtcm3Message(number: number, station: number, length: number): Uint8Array {
  const message = new Uint8Array(length);
  message[0] = number >> 4;
  message[1] = ((number & 0xf) << 4) | (station >> 8);
  message[2] = station & 0xff;
  return rtcm3(message);
}

type Width = 'u1' | 'i1' | 'u2' | 'i2' | 'u4' | 'i4';

/** A payload of a length with little-endian numbers at offsets. */
export function payload(
  length: number,
  ...values: readonly (readonly [offset: number, width: Width, value: number])[]
): Uint8Array {
  const buffer = Buffer.alloc(length);
  for (const [offset, width, value] of values) {
    if (width === 'u1') buffer.writeUInt8(value, offset);
    else if (width === 'i1') buffer.writeInt8(value, offset);
    else if (width === 'u2') buffer.writeUInt16LE(value, offset);
    else if (width === 'i2') buffer.writeInt16LE(value, offset);
    else if (width === 'u4') buffer.writeUInt32LE(value, offset);
    else buffer.writeInt32LE(value, offset);
  }
  return buffer;
}

export interface Pvt {
  readonly iTOW: number;
  /** UTC, ms since the Unix epoch. */
  readonly utc: number;
  readonly lat: number;
  readonly lon: number;
  readonly fixType?: number;
  readonly flags?: number;
  readonly valid?: number;
  readonly flags3?: number;
}

/** UBX-NAV-PVT of 92 bytes. Lat and lon in 1e-7 degrees. */
export function pvt({ iTOW, utc, lat, lon, fixType = 3, flags = 1, valid = 7, flags3 = 0 }: Pvt): Uint8Array {
  const date = new Date(utc);
  return ubx(
    0x01,
    0x07,
    payload(
      92,
      [0, 'u4', iTOW],
      [4, 'u2', date.getUTCFullYear()],
      [6, 'u1', date.getUTCMonth() + 1],
      [7, 'u1', date.getUTCDate()],
      [8, 'u1', date.getUTCHours()],
      [9, 'u1', date.getUTCMinutes()],
      [10, 'u1', date.getUTCSeconds()],
      [11, 'u1', valid],
      [12, 'u4', 25],
      [16, 'i4', date.getUTCMilliseconds() * 1_000_000],
      [20, 'u1', fixType],
      [21, 'u1', flags],
      [23, 'u1', 14],
      [24, 'i4', lon],
      [28, 'i4', lat],
      [32, 'i4', 461_300],
      [36, 'i4', 413_100],
      [40, 'u4', 1_200],
      [44, 'u4', 1_900],
      [48, 'i4', 3_000],
      [52, 'i4', -4_000],
      [56, 'i4', -250],
      [60, 'i4', 5_000],
      [64, 'i4', -5_313_010],
      [68, 'u4', 120],
      [72, 'u4', 230_000],
      [76, 'u2', 131],
      [78, 'u1', flags3],
      [88, 'i2', 321],
      [90, 'u2', 50],
    ),
  );
}
