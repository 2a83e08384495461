import type { NoiseReason } from '../protocol.ts';
import { crc24q, crc32, fletcher } from './checksum.ts';
import { GsensorLine } from './gsensor.ts';
import { MAX_UBX_PAYLOAD, ubxPayloadLimit } from './ubx/names.ts';

/** The framings of a GNSS port. */
export type Framing = 'nmea' | 'ubx' | 'rtcm3' | 'log' | 'gsensor';

/** Longest frame that is waited for: a UBX header, the largest payload, the checksum. */
export const MAX_FRAME = MAX_UBX_PAYLOAD + 8;

/**
 * Longest NMEA sentence, from the start delimiter through the checksum. IEC 61162-1, section 7.3, allows 82 characters
 * with CR LF; proprietary sentences of real receivers are longer (203 have been seen), so the bound only has to be
 * finite.
 */
export const MAX_SENTENCE = 1024;

/** More bytes must come before a candidate can be told. */
export const NEED_MORE = 0;

const DOLLAR = 0x24;
const BANG = 0x21;
const HASH = 0x23;
const ASTERISK = 0x2a;
const CR = 0x0d;
const LF = 0x0a;
const UBX_SYNC_1 = 0xb5;
const UBX_SYNC_2 = 0x62;
const RTCM3_PREAMBLE = 0xd3;
const RTCM3_OVERHEAD = 6;
const CRC32_DIGITS = 8;

/** Whether a frame can begin with this byte: 1 or 0. */
export const BEGINS = new Uint8Array(256);
for (const byte of [DOLLAR, BANG, HASH, UBX_SYNC_1, RTCM3_PREAMBLE]) BEGINS[byte] = 1;

/** What may stand between a sentence's delimiter and its asterisk: printable ASCII but the delimiters themselves. */
const IN_SENTENCE = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) IN_SENTENCE[byte] = 1;
for (const byte of [DOLLAR, BANG, ASTERISK]) IN_SENTENCE[byte] = 0;

/** The value of a hexadecimal digit; -1 for any other byte. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Sentences of Unicore receivers whose checksum counts the $ in: the answers to commands. */
const UNICORE_ANSWERS: readonly string[] = ['$command,', '$CONFIG,', '$devicename,'];

/** Tells how long the frame at a place of a buffer is, or why there is none. */
export class FrameMeasure {
  /** Of the frame that was found. */
  framing: Framing = 'nmea';
  /** Why the candidate was refused, and where it ended. */
  fault: NoiseReason = 'sync';
  faultEnd = 0;
  readonly #gsensor = new GsensorLine();

  /**
   * The length of the valid frame at `start`, of the bytes before `end`; NEED_MORE where more must come first; -1 where
   * there is none, with its fault.
   */
  measure(buffer: Uint8Array, start: number, end: number): number {
    switch (buffer[start]) {
      case UBX_SYNC_1:
        this.framing = 'ubx';
        return this.#ubx(buffer, start, end);
      case RTCM3_PREAMBLE:
        this.framing = 'rtcm3';
        return this.#rtcm3(buffer, start, end);
      case HASH:
        this.framing = 'log';
        return this.#log(buffer, start, end);
      default:
        this.framing = 'nmea';
        return this.#sentence(buffer, start, end);
    }
  }

  /** IEC 61162-1, section 7.3: delimiter, address, fields, "*", two hexadecimal digits: the XOR of all between. */
  #sentence(buffer: Uint8Array, start: number, have: number): number {
    const end = Math.min(have, start + MAX_SENTENCE - 2);
    let sum = 0;
    let at = start + 1;
    for (; at < end; at++) {
      const byte = buffer[at] ?? 0;
      if (IN_SENTENCE[byte] !== 1) break;
      sum ^= byte;
    }
    if (at >= end) return end < have ? this.#refuse('oversize', at) : NEED_MORE;
    if (buffer[at] !== ASTERISK) return this.#unchecked(buffer, start, at);
    if (at === start + 1) return this.#refuse('malformed', at);
    if (at + 2 >= have) {
      const wrong = at + 1 < have && (HEX[buffer[at + 1] ?? 0] ?? -1) < 0;
      return wrong ? this.#refuse('malformed', at) : NEED_MORE;
    }
    const given = byteAt(buffer, at + 1);
    if (given < 0) return this.#refuse('malformed', at);
    const good = given === sum || (given === (sum ^ DOLLAR) && isUnicoreAnswer(buffer, start));
    return good ? at + 3 - start : this.#refuse('checksum', at + 3);
  }

  /** A sentence that ends without a checksum is noise, unless it is an accelerometer's line. */
  #unchecked(buffer: Uint8Array, start: number, at: number): number {
    const isLine = buffer[at] === CR || buffer[at] === LF;
    if (!isLine || !this.#gsensor.read(buffer, start, at)) return this.#refuse('truncated', at);
    this.framing = 'gsensor';
    return at - start;
  }

  /**
   * An ASCII log of Unicore and NovAtel receivers (Unicore N4 reference commands manual, "ASCII format"): "#", name,
   * header, ";", data, "*", and a CRC-32 of all between in eight digits; a few have the XOR of all with the "#" in two.
   */
  #log(buffer: Uint8Array, start: number, have: number): number {
    const end = Math.min(have, start + MAX_FRAME - CRC32_DIGITS - 1);
    let sum = HASH;
    let at = start + 1;
    for (; at < end; at++) {
      const byte = buffer[at] ?? 0;
      if (IN_SENTENCE[byte] !== 1) break;
      sum ^= byte;
    }
    if (at >= end) return end < have ? this.#refuse('oversize', start + 1) : NEED_MORE;
    if (buffer[at] !== ASTERISK || at === start + 1) return this.#refuse('sync', start + 1);
    let digits = at + 1;
    while (digits < have && digits <= at + CRC32_DIGITS && (HEX[buffer[digits] ?? 0] ?? -1) >= 0) digits++;
    const count = digits - at - 1;
    if (digits === have && count < CRC32_DIGITS) return NEED_MORE;
    if (count >= CRC32_DIGITS) {
      let given = 0;
      for (let byte = at + 1; byte < at + CRC32_DIGITS; byte += 2) given = given * 256 + byteAt(buffer, byte);
      const whole = at + 1 + CRC32_DIGITS;
      return given === crc32(buffer, start + 1, at) ? whole - start : this.#refuse('checksum', whole);
    }
    if (count !== 2) return this.#refuse('malformed', at);
    return byteAt(buffer, at + 1) === sum ? at + 3 - start : this.#refuse('checksum', at + 3);
  }

  /**
   * u-blox interface description, "UBX frame structure": 0xB5 0x62, class, id, length (little-endian), payload, two
   * sums.
   */
  #ubx(buffer: Uint8Array, start: number, end: number): number {
    const have = end - start;
    if (have > 1 && buffer[start + 1] !== UBX_SYNC_2) return this.#refuse('sync', start + 1);
    if (have < 6) return NEED_MORE;
    const payload = (buffer[start + 4] ?? 0) | ((buffer[start + 5] ?? 0) << 8);
    if (payload > ubxPayloadLimit(buffer[start + 2] ?? 0)) return this.#refuse('oversize', start + 2);
    if (have < payload + 8) return NEED_MORE;
    const sums = start + 6 + payload;
    const good = fletcher(buffer, start + 2, sums) === ((buffer[sums] ?? 0) | ((buffer[sums + 1] ?? 0) << 8));
    return good ? payload + 8 : this.#refuse('checksum', sums + 2);
  }

  /** RTCM 10403.3, section 4: 0xD3, six reserved bits (zero), a ten-bit length, the message, CRC-24Q. */
  #rtcm3(buffer: Uint8Array, start: number, end: number): number {
    const have = end - start;
    const high = buffer[start + 1] ?? 0;
    if (have > 1 && high > 3) return this.#refuse('sync', start + 1);
    if (have < 3) return NEED_MORE;
    const length = ((high << 8) | (buffer[start + 2] ?? 0)) + RTCM3_OVERHEAD;
    if (have < length) return NEED_MORE;
    return crc24q(buffer, start, start + length) === 0 ? length : this.#refuse('checksum', start + length);
  }

  #refuse(fault: NoiseReason, end: number): -1 {
    this.fault = fault;
    this.faultEnd = end;
    return -1;
  }
}

/** The byte that two hexadecimal digits write; negative where one is none. */
function byteAt(buffer: Uint8Array, at: number): number {
  const high = HEX[buffer[at] ?? 0] ?? -1;
  const low = HEX[buffer[at + 1] ?? 0] ?? -1;
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

function isUnicoreAnswer(buffer: Uint8Array, start: number): boolean {
  return UNICORE_ANSWERS.some((answer) => {
    for (let index = 0; index < answer.length; index++) {
      if (buffer[start + index] !== answer.charCodeAt(index)) return false;
    }
    return true;
  });
}
