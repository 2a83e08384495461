import type { Frame, Framer, NoiseReason } from '../protocol.ts';
import { downlinkFault } from './downlink.ts';

/** A frame of a Mode S receiver. One object serves all: it holds until the framer is asked for the next one. */
export interface ReceiverFrame {
  readonly type: 'beast' | 'avr';
  /** What was heard, from its beginning. */
  readonly message: Uint8Array;
  /** Its length: 2 of Mode A/C, 7 or 14 of Mode S, 0 of a receiver's report on itself. */
  readonly length: number;
  /** The receiver's 48-bit counter, 12 MHz; NaN where the frame has none. */
  readonly counter: number;
  /** Amplitude, 0 to 255 of full scale; NaN where the frame has none. */
  readonly signal: number;
}

const ESCAPE = 0x1a;
const SEMICOLON = 0x3b;
const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const AT = 0x40;
const LESS = 0x3c;

/** Bytes of a Beast frame between its type and its message: six of counter, one of signal. */
const BEAST_HEAD = 7;
const COUNTER_BYTES = 6;
/** Of a Beast frame all of whose bytes are escaped. */
export const MAX_FRAME = 2 + 2 * (BEAST_HEAD + 14);

const BUFFER_SIZE = 8192;

/** What a Beast frame's type says of the length of its message; 0 for a type that there is not. */
const BEAST_LENGTH = new Uint8Array(256);
BEAST_LENGTH[0x31] = 2;
BEAST_LENGTH[0x32] = 7;
BEAST_LENGTH[0x33] = 14;
const BEAST_STATUS = 0x34;
BEAST_LENGTH[BEAST_STATUS] = 14;

/** Hexadecimal digits that an AVR line's first character puts before the message. */
const AVR_HEAD = new Int8Array(256).fill(-1);
AVR_HEAD[ASTERISK] = 0;
AVR_HEAD[AT] = 2 * COUNTER_BYTES;
AVR_HEAD[LESS] = 2 * BEAST_HEAD;

const BEGINS = new Uint8Array(256);
for (const byte of [ESCAPE, ASTERISK, AT, LESS]) BEGINS[byte] = 1;

const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

const NEED_MORE = 0;

/**
 * Finds the frames of a Mode S receiver in a byte stream: Beast binary (Mode-S Beast wiki, "Data output formats": 0x1A,
 * the type, six bytes of counter, one of signal, the message, each 0x1A inside doubled) and AVR text (`*` message `;`,
 * `@` counter message `;`, `<` counter signal message `;`, in hexadecimal), in any order. A squitter whose parity fails
 * is noise. What fails gives up its first byte only and is searched again. Any split of the same bytes yields the same
 * frames and the same totals of noise. Holds at most MAX_FRAME bytes between calls.
 */
export class ReceiverFramer implements Framer<ReceiverFrame> {
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #position = 0;
  #end = 0;
  /** Whether a line's CR LF, or the LF of it, may still come. */
  #terminator: 'none' | 'crlf' | 'lf' = 'none';
  #frameBytes = 0;
  /** Bytes before this position that are given up go to `#blame`: they belong to a candidate that failed. */
  #blamedUntil = 0;
  #blame: NoiseReason = 'sync';
  #fault: NoiseReason = 'sync';
  #faultEnd = 0;
  readonly #message = new Uint8Array(BEAST_HEAD + 14);
  readonly #frame: { -readonly [K in keyof ReceiverFrame]: ReceiverFrame[K] } = {
    type: 'beast',
    message: this.#message.subarray(BEAST_HEAD),
    length: 0,
    counter: Number.NaN,
    signal: Number.NaN,
  };

  /** Bytes of valid frames so far, the ends of AVR lines included. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** Bytes that wait for the rest of their frame. */
  get buffered(): number {
    return this.#end - this.#position;
  }

  *push(chunk: Uint8Array): Generator<Frame<ReceiverFrame>> {
    for (let taken = 0; taken < chunk.length; ) {
      const size = Math.min(BUFFER_SIZE - this.#end, chunk.length - taken);
      this.#buffer.set(chunk.subarray(taken, taken + size), this.#end);
      this.#end += size;
      taken += size;
      yield* this.#scan();
      this.#compact();
    }
  }

  *end(): Generator<Frame<ReceiverFrame>> {
    yield* this.#scan();
    while (this.#position < this.#end) {
      this.#blameUpTo(this.#end, 'truncated');
      yield this.#giveUp(1, 'truncated');
      yield* this.#scan();
    }
    this.#compact();
  }

  *#scan(): Generator<Frame<ReceiverFrame>> {
    const buffer = this.#buffer;
    while (this.#position < this.#end) {
      const start = this.#position;
      const first = buffer[start] ?? 0;
      if (this.#isTerminator(first)) {
        this.#position++;
        this.#frameBytes++;
        continue;
      }
      if (BEGINS[first] !== 1) {
        yield this.#giveUp(this.#garbageFrom(start), 'sync');
        continue;
      }
      const length = first === ESCAPE ? this.#measureBeast(start) : this.#measureAvr(start);
      if (length === NEED_MORE) return;
      if (length > 0) {
        this.#position = start + length;
        this.#frameBytes += length;
        this.#blamedUntil = 0;
        if (first !== ESCAPE) this.#terminator = 'crlf';
        yield this.#frame;
        continue;
      }
      this.#blameUpTo(this.#faultEnd, this.#fault);
      // A doubled escape outside a frame is a byte of a message; its second half begins no frame either.
      yield this.#giveUp(first === ESCAPE && buffer[start + 1] === ESCAPE ? 2 : 1, this.#fault);
    }
  }

  #isTerminator(byte: number): boolean {
    const expected = this.#terminator;
    if (expected === 'none') return false;
    this.#terminator = expected === 'crlf' && byte === CR ? 'lf' : 'none';
    return byte === LF || this.#terminator === 'lf';
  }

  /** How many bytes from `start` begin no frame, and share the blame. */
  #garbageFrom(start: number): number {
    const end = this.#blamedUntil > start ? Math.min(this.#blamedUntil, this.#end) : this.#end;
    let at = start + 1;
    while (at < end && BEGINS[this.#buffer[at] ?? 0] !== 1) at++;
    return at - start;
  }

  #measureBeast(start: number): number {
    const buffer = this.#buffer;
    if (start + 1 >= this.#end) return NEED_MORE;
    const type = buffer[start + 1] ?? 0;
    const length = BEAST_LENGTH[type] ?? 0;
    if (length === 0) return this.#refuse('sync', start + (type === ESCAPE ? 2 : 1));
    const message = this.#message;
    let at = start + 2;
    for (let index = 0; index < BEAST_HEAD + length; index++) {
      if (at >= this.#end) return NEED_MORE;
      const byte = buffer[at++] ?? 0;
      if (byte === ESCAPE) {
        if (at >= this.#end) return NEED_MORE;
        if (buffer[at++] !== ESCAPE) return this.#refuse('truncated', at - 2);
      }
      message[index] = byte;
    }
    const frame = this.#frame;
    frame.type = 'beast';
    frame.length = type === BEAST_STATUS ? 0 : length;
    frame.counter = this.#counter();
    frame.signal = message[COUNTER_BYTES] ?? 0;
    return this.#judge(start, at);
  }

  #measureAvr(start: number): number {
    const buffer = this.#buffer;
    const head = AVR_HEAD[buffer[start] ?? 0] ?? 0;
    const message = this.#message;
    const most = head + 28;
    // The message has its place behind the head, however much of a head this line has.
    const shift = 2 * BEAST_HEAD - head;
    let digits = 0;
    let at = start + 1;
    for (; ; at++, digits++) {
      if (at >= this.#end) return NEED_MORE;
      const byte = buffer[at] ?? 0;
      if (byte === SEMICOLON) break;
      const digit = HEX[byte] ?? -1;
      if (digit < 0) return this.#refuse('malformed', at);
      if (digits === most) return this.#refuse('oversize', at);
      const place = digits < head ? digits : digits + shift;
      const index = place >> 1;
      message[index] = place & 1 ? ((message[index] ?? 0) & 0xf0) | digit : digit << 4;
    }
    const length = digits - head;
    if (length !== 4 && length !== 14 && length !== 28) return this.#refuse('short', at + 1);
    const frame = this.#frame;
    frame.type = 'avr';
    frame.length = length / 2;
    frame.counter = head === 0 ? Number.NaN : this.#counter();
    frame.signal = head === 2 * BEAST_HEAD ? (message[COUNTER_BYTES] ?? 0) : Number.NaN;
    return this.#judge(start, at + 1);
  }

  #counter(): number {
    let counter = 0;
    for (let at = 0; at < COUNTER_BYTES; at++) counter = counter * 256 + (this.#message[at] ?? 0);
    return counter;
  }

  #judge(start: number, end: number): number {
    const { message, length } = this.#frame;
    const fault = length < 7 ? undefined : downlinkFault(message, length);
    return fault === undefined ? end - start : this.#refuse(fault, end);
  }

  #refuse(fault: NoiseReason, end: number): -1 {
    this.#fault = fault;
    this.#faultEnd = end;
    return -1;
  }

  #blameUpTo(end: number, reason: NoiseReason): void {
    if (end <= this.#blamedUntil) return;
    this.#blamedUntil = end;
    this.#blame = reason;
  }

  #giveUp(bytes: number, otherwise: NoiseReason): Frame<ReceiverFrame> {
    const reason = this.#position < this.#blamedUntil ? this.#blame : otherwise;
    this.#position += bytes;
    return { type: 'noise', reason, bytes };
  }

  /** Moves what waits to the front, once the room behind it no longer takes a maximal frame. */
  #compact(): void {
    if (this.#position < this.#end && BUFFER_SIZE - this.#end >= MAX_FRAME) return;
    this.#buffer.copyWithin(0, this.#position, this.#end);
    this.#blamedUntil = Math.max(0, this.#blamedUntil - this.#position);
    this.#end -= this.#position;
    this.#position = 0;
  }
}
