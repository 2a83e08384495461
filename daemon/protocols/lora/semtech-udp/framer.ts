import type { Frame, Framer, NoiseReason } from '../../protocol.ts';
import { bodyRule, type Datagram, headerLength, isHeader, MAX_DATAGRAM, readDatagram } from './datagram.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Takes datagrams apart that stand one after another in a stream, as in a recording: the header says whether a JSON
 * object follows, and its braces say where it ends. Any split of the same bytes yields the same frames.
 */
export class DatagramFramer implements Framer<Datagram> {
  readonly #buffer = new Uint8Array(2 * MAX_DATAGRAM);
  #start = 0;
  #end = 0;
  /** How far the JSON object of the first datagram has been looked at. */
  #scanned = 0;
  #depth = 0;
  #inText = false;
  #escaped = false;

  get buffered(): number {
    return this.#end - this.#start;
  }

  *push(chunk: Uint8Array): Iterable<Frame<Datagram>> {
    let taken = 0;
    while (taken < chunk.length) {
      if (this.#end === this.#buffer.length) this.#compact();
      const part = chunk.subarray(taken, taken + this.#buffer.length - this.#end);
      this.#buffer.set(part, this.#end);
      this.#end += part.length;
      taken += part.length;
      yield* this.#frames(false);
    }
  }

  *end(): Iterable<Frame<Datagram>> {
    yield* this.#frames(true);
    if (this.buffered > 0) yield this.#drop('truncated', this.buffered);
  }

  *#frames(ended: boolean): Iterable<Frame<Datagram>> {
    while (this.buffered >= 4) {
      let lost = 0;
      while (this.buffered - lost >= 4 && !isHeader(this.#buffer, this.#start + lost)) lost++;
      const frame = lost > 0 ? this.#drop('sync', lost) : this.#next(ended);
      if (frame === undefined) return;
      yield frame;
    }
  }

  #next(ended: boolean): Frame<Datagram> | undefined {
    const id = this.#buffer[this.#start + 3] ?? 0;
    const header = headerLength(id);
    if (this.buffered < header) return undefined;
    const rule = bodyRule(id);
    if (rule === 'none' || (rule === 'may' && ended && this.buffered === header)) return this.#take(header);
    if (this.buffered === header) return undefined;
    if (this.#buffer[this.#start + header] === OPEN) return this.#scan(this.#start + header);
    return rule === 'may' ? this.#take(header) : this.#drop('sync', 1);
  }

  /** Looks for the end of the JSON object, from where the last look ended. */
  #scan(from: number): Frame<Datagram> | undefined {
    const limit = Math.min(this.#end, this.#start + MAX_DATAGRAM);
    let at = Math.max(this.#scanned, from);
    for (; at < limit; at++) {
      const byte = this.#buffer[at] ?? 0;
      // A control character other than white space is no JSON: a datagram was cut short, and the next may begin here.
      if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        return this.#drop('malformed', at - this.#start);
      }
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (byte === QUOTE) {
        this.#inText = true;
      } else if (byte === OPEN) {
        this.#depth++;
      } else if (byte === CLOSE) {
        this.#depth--;
        if (this.#depth === 0) return this.#take(at + 1 - this.#start);
      }
    }
    this.#scanned = at;
    return limit === this.#start + MAX_DATAGRAM ? this.#drop('oversize', MAX_DATAGRAM) : undefined;
  }

  #take(size: number): Frame<Datagram> {
    const datagram = readDatagram(this.#buffer.subarray(this.#start, this.#start + size));
    if (datagram === undefined) return this.#drop('malformed', size);
    this.#skip(size);
    return datagram;
  }

  #drop(reason: NoiseReason, bytes: number): Frame<Datagram> {
    this.#skip(bytes);
    return { type: 'noise', reason, bytes };
  }

  #skip(bytes: number): void {
    this.#start += bytes;
    this.#scanned = 0;
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** Room for more: what waits is shorter than a datagram, which is half of the buffer. */
  #compact(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#scanned = Math.max(0, this.#scanned - this.#start);
    this.#end -= this.#start;
    this.#start = 0;
  }
}
