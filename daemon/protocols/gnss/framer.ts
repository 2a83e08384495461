import type { Frame, Framer, Noise, NoiseReason } from '../protocol.ts';
import { crc24q, fletcher } from './checksum.ts';
import { MAX_UBX_PAYLOAD, ubxPayloadLimit } from './ubx/names.ts';

/** A valid frame, as a stretch of the framer's buffer. It may be read until the framer is asked for the next one. */
export interface GnssFrame {
  readonly type: 'nmea' | 'ubx' | 'rtcm3';
  readonly buffer: Uint8Array;
  /** At the $ or !, the 0xB5, the 0xD3. */
  readonly start: number;
  /** Past the frame's checksum; a sentence's CR LF lies beyond it. */
  readonly end: number;
}

/** Longest frame that is waited for: a UBX header, the largest payload, the checksum. */
export const MAX_FRAME = MAX_UBX_PAYLOAD + 8;

/**
 * Longest NMEA sentence, from the start delimiter through the checksum. IEC 61162-1, section 7.3, allows 82 characters
 * with CR LF; proprietary sentences of real receivers are longer (203 have been seen), so the bound only has to be
 * finite.
 */
export const MAX_SENTENCE = 1024;

/** A run of noise is reported at this length at the latest. */
const MAX_NOISE_RUN = 4096;

const BUFFER_SIZE = 4 * MAX_FRAME;

const DOLLAR = 0x24;
const BANG = 0x21;
const ASTERISK = 0x2a;
const CR = 0x0d;
const LF = 0x0a;
const UBX_SYNC_1 = 0xb5;
const UBX_SYNC_2 = 0x62;
const RTCM3_PREAMBLE = 0xd3;
const RTCM3_OVERHEAD = 6;

/** Bytes that can begin a frame. */
const BEGINS = new Uint8Array(256);
for (const byte of [DOLLAR, BANG, UBX_SYNC_1, RTCM3_PREAMBLE]) BEGINS[byte] = 1;

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

const NEED_MORE = 0;

/**
 * Finds NMEA 0183 sentences, UBX and RTCM3 frames in one byte stream, in any order and with garbage between. What looks
 * like a frame but fails gives up its first byte only and is searched again, so a cut or corrupt frame, or a false
 * header in garbage, never swallows a good one that follows. A sentence without a checksum is noise: IEC 61162-1
 * requires one. Any split of the same bytes yields the same frames and the same noise. Holds at most
 * MAX_FRAME bytes between calls.
 */
export class GnssFramer implements Framer<GnssFrame> {
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #position = 0;
  #end = 0;
  /** How much of a sentence's CR LF may still come: 2 both, 1 the LF only. */
  #terminator = 0;
  /** Bytes before this position that are given up go to `#blame`: they belong to a candidate that failed. */
  #blamedUntil = 0;
  #blame: NoiseReason = 'sync';
  /** Why `#measure` refused its candidate, and where the candidate ended. */
  #fault: NoiseReason = 'sync';
  #faultEnd = 0;
  #runReason: NoiseReason = 'sync';
  #runBytes = 0;
  #framedBytes = 0;

  /** Bytes of valid frames so far, the CR LF after a sentence included. */
  get framedBytes(): number {
    return this.#framedBytes;
  }

  /** The noise that is not reported yet, since more of its reason may follow. */
  get unreported(): Noise | undefined {
    return this.#runBytes === 0 ? undefined : { type: 'noise', reason: this.#runReason, bytes: this.#runBytes };
  }

  /** Bytes that wait for the rest of their frame. */
  get buffered(): number {
    return this.#end - this.#position;
  }

  *push(chunk: Uint8Array): Generator<Frame<GnssFrame>> {
    for (let taken = 0; taken < chunk.length; ) {
      const free = BUFFER_SIZE - this.#end;
      const size = Math.min(free, chunk.length - taken);
      this.#buffer.set(taken === 0 && size === chunk.length ? chunk : chunk.subarray(taken, taken + size), this.#end);
      this.#end += size;
      taken += size;
      yield* this.#scan();
      this.#compact();
    }
  }

  /**
   * The line has gone quiet within a candidate. A UART does not pause inside a frame, so a valid frame further on in
   * what waits shows that the candidate was none: it is given up, and that frame comes out now instead of at the next
   * bytes.
   */
  *settle(): Generator<Frame<GnssFrame>> {
    for (let at = this.#position + 1; at < this.#end; at++) {
      if (BEGINS[this.#buffer[at] ?? 0] !== 1 || this.#measure(at) <= NEED_MORE) continue;
      this.#blameTruncation(at);
      const noise = this.#giveUp(at - this.#position, 'truncated');
      if (noise !== undefined) yield noise;
      yield* this.#scan();
      at = this.#position;
    }
    this.#compact();
  }

  *end(): Generator<Frame<GnssFrame>> {
    yield* this.#scan();
    while (this.#position < this.#end) {
      this.#blameTruncation(this.#end);
      const noise = this.#giveUp(1, 'truncated');
      if (noise !== undefined) yield noise;
      yield* this.#scan();
    }
    const last = this.#flushNoise();
    if (last !== undefined) yield last;
    this.#compact();
  }

  *#scan(): Generator<Frame<GnssFrame>> {
    const buffer = this.#buffer;
    while (this.#position < this.#end) {
      const start = this.#position;
      const first = buffer[start] ?? 0;
      if (this.#terminator > 0) {
        const expected = this.#terminator === 2 && first === CR ? 1 : 0;
        if (expected === 1 || first === LF) {
          this.#terminator = expected;
          this.#position++;
          this.#framedBytes++;
          continue;
        }
        this.#terminator = 0;
      }
      if (BEGINS[first] !== 1) {
        const noise = this.#giveUp(this.#garbageFrom(start), 'sync');
        if (noise !== undefined) yield noise;
        continue;
      }
      const length = this.#measure(start);
      if (length === NEED_MORE) return;
      if (length > 0) {
        const noise = this.#flushNoise();
        if (noise !== undefined) yield noise;
        this.#position = start + length;
        this.#framedBytes += length;
        this.#blamedUntil = 0;
        const type = first === UBX_SYNC_1 ? 'ubx' : first === RTCM3_PREAMBLE ? 'rtcm3' : 'nmea';
        if (type === 'nmea') this.#terminator = 2;
        yield { type, buffer, start, end: start + length };
        continue;
      }
      if (this.#faultEnd > this.#blamedUntil) {
        this.#blamedUntil = this.#faultEnd;
        this.#blame = this.#fault;
      }
      const noise = this.#giveUp(1, this.#fault);
      if (noise !== undefined) yield noise;
    }
  }

  /** How many bytes from `start` begin no frame, as far as one noise run may go. */
  #garbageFrom(start: number): number {
    const buffer = this.#buffer;
    const blamed = this.#blamedUntil > start ? Math.min(this.#blamedUntil, this.#end) : this.#end;
    const end = Math.min(blamed, start + MAX_NOISE_RUN - this.#runBytes);
    let at = start + 1;
    while (at < end && BEGINS[buffer[at] ?? 0] !== 1) at++;
    return at - start;
  }

  /**
   * The length of the valid frame at `start`; 0 where more bytes must come first; -1 where there is none, with its
   * fault.
   */
  #measure(start: number): number {
    const first = this.#buffer[start];
    if (first === UBX_SYNC_1) return this.#measureUbx(start);
    if (first === RTCM3_PREAMBLE) return this.#measureRtcm3(start);
    return this.#measureSentence(start);
  }

  /** IEC 61162-1, section 7.3: delimiter, address, fields, "*", two hexadecimal digits: the XOR of all between. */
  #measureSentence(start: number): number {
    const buffer = this.#buffer;
    const end = Math.min(this.#end, start + MAX_SENTENCE - 2);
    let sum = 0;
    let at = start + 1;
    for (; at < end; at++) {
      const byte = buffer[at] ?? 0;
      if (IN_SENTENCE[byte] !== 1) break;
      sum ^= byte;
    }
    if (at >= end) return end < this.#end ? this.#refuse('oversize', at) : NEED_MORE;
    if (buffer[at] !== ASTERISK) return this.#refuse('truncated', at);
    if (at === start + 1) return this.#refuse('malformed', at);
    if (at + 2 >= this.#end) {
      const wrong = at + 1 < this.#end && (HEX[buffer[at + 1] ?? 0] ?? -1) < 0;
      return wrong ? this.#refuse('malformed', at) : NEED_MORE;
    }
    const high = HEX[buffer[at + 1] ?? 0] ?? -1;
    const low = HEX[buffer[at + 2] ?? 0] ?? -1;
    if (high < 0 || low < 0) return this.#refuse('malformed', at);
    return ((high << 4) | low) === sum ? at + 3 - start : this.#refuse('checksum', at + 3);
  }

  /**
   * u-blox interface description, "UBX frame structure": 0xB5 0x62, class, id, length (little-endian), payload, two
   * sums.
   */
  #measureUbx(start: number): number {
    const buffer = this.#buffer;
    const have = this.#end - start;
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
  #measureRtcm3(start: number): number {
    const buffer = this.#buffer;
    const have = this.#end - start;
    const high = buffer[start + 1] ?? 0;
    if (have > 1 && high > 3) return this.#refuse('sync', start + 1);
    if (have < 3) return NEED_MORE;
    const length = ((high << 8) | (buffer[start + 2] ?? 0)) + RTCM3_OVERHEAD;
    if (have < length) return NEED_MORE;
    return crc24q(buffer, start, start + length) === 0 ? length : this.#refuse('checksum', start + length);
  }

  #refuse(fault: NoiseReason, end: number): -1 {
    this.#fault = fault;
    this.#faultEnd = end;
    return -1;
  }

  #blameTruncation(until: number): void {
    if (this.#blamedUntil > this.#position) return;
    this.#blamedUntil = until;
    this.#blame = 'truncated';
  }

  /** Gives bytes up to the current run of noise; a run that this ends comes back, to be reported. */
  #giveUp(bytes: number, otherwise: NoiseReason): Noise | undefined {
    const reason = this.#position < this.#blamedUntil ? this.#blame : otherwise;
    this.#position += bytes;
    const ended = this.#runReason === reason && this.#runBytes < MAX_NOISE_RUN ? undefined : this.#flushNoise();
    this.#runReason = reason;
    this.#runBytes += bytes;
    return ended;
  }

  #flushNoise(): Noise | undefined {
    const noise = this.unreported;
    this.#runBytes = 0;
    return noise;
  }

  /** Moves what waits to the front, once the room behind it no longer takes a maximal frame. */
  #compact(): void {
    if (this.#position === this.#end) {
      this.#blamedUntil = Math.max(0, this.#blamedUntil - this.#end);
      this.#position = 0;
      this.#end = 0;
    } else if (BUFFER_SIZE - this.#position < 2 * MAX_FRAME) {
      this.#buffer.copyWithin(0, this.#position, this.#end);
      this.#blamedUntil = Math.max(0, this.#blamedUntil - this.#position);
      this.#end -= this.#position;
      this.#position = 0;
    }
  }
}
