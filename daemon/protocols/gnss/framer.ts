import type { Frame, Framer, Noise, NoiseReason } from '../protocol.ts';
import { BEGINS, FrameMeasure, type Framing, MAX_FRAME, NEED_MORE } from './measure.ts';

export { MAX_FRAME, MAX_SENTENCE } from './measure.ts';

/** A valid frame, as a stretch of the framer's buffer. It may be read until the framer is asked for the next one. */
export interface GnssFrame {
  readonly type: Framing;
  readonly buffer: Uint8Array;
  /** At the $, ! or #, the 0xB5, the 0xD3. */
  readonly start: number;
  /** Past the frame's checksum; the CR LF of a sentence, log or line lies beyond it. */
  readonly end: number;
}

/** A run of noise is reported at this length at the latest. */
const MAX_NOISE_RUN = 4096;

const BUFFER_SIZE = 4 * MAX_FRAME;

const CR = 0x0d;
const LF = 0x0a;

/**
 * Finds NMEA 0183 sentences, UBX and RTCM3 frames, ASCII logs and accelerometer lines in one byte stream, in any order and with garbage between. What looks
 * like a frame but fails gives up its first byte only and is searched again, so a cut or corrupt frame, or a false
 * header in garbage, never swallows a good one that follows. A sentence without a checksum is noise, IEC 61162-1
 * requires one; only an accelerometer's line may do without. Any split of the same bytes yields the same frames and the same noise. Holds at most
 * MAX_FRAME bytes between calls.
 */
export class GnssFramer implements Framer<GnssFrame> {
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  readonly #measure = new FrameMeasure();
  #position = 0;
  #end = 0;
  /** How much of a sentence's CR LF may still come: 2 both, 1 the LF only. */
  #terminator = 0;
  /** Bytes before this position that are given up go to `#blame`: they belong to a candidate that failed. */
  #blamedUntil = 0;
  #blame: NoiseReason = 'sync';
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
      if (BEGINS[this.#buffer[at] ?? 0] !== 1 || this.#measure.measure(this.#buffer, at, this.#end) <= NEED_MORE)
        continue;
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
      const length = this.#measure.measure(buffer, start, this.#end);
      if (length === NEED_MORE) return;
      if (length > 0) {
        const noise = this.#flushNoise();
        if (noise !== undefined) yield noise;
        this.#position = start + length;
        this.#framedBytes += length;
        this.#blamedUntil = 0;
        const type = this.#measure.framing;
        if (type !== 'ubx' && type !== 'rtcm3') this.#terminator = 2;
        yield { type, buffer, start, end: start + length };
        continue;
      }
      const { fault, faultEnd } = this.#measure;
      if (faultEnd > this.#blamedUntil) {
        this.#blamedUntil = faultEnd;
        this.#blame = fault;
      }
      const noise = this.#giveUp(1, fault);
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
