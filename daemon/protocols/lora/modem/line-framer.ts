import type { Frame, Framer } from '../../protocol.ts';

/** A line of text, without its end. */
export interface Line {
  readonly type: 'line';
  readonly text: string;
  /** Bytes on the wire, without the line's end. */
  readonly bytes: number;
}

/** A packet of 255 bytes in hexadecimal digits, twice as much for the words around it. */
export const MAX_LINE = 1_024;

const CR = 0x0d;
const LF = 0x0a;

/**
 * Splits a modem's answers into lines of printable ASCII; empty ones are passed over. A line with any other byte is
 * noise, as is one that does not end.
 */
export class LineFramer implements Framer<Line> {
  readonly #buffer = new Uint8Array(MAX_LINE);
  #length = 0;
  #isText = true;
  /** Bytes of a line that is too long, given up so far. */
  #oversize = 0;
  #ends = 0;

  /** CR and LF so far: every line's end and every empty line. */
  get ends(): number {
    return this.#ends;
  }

  get buffered(): number {
    return this.#length;
  }

  *push(chunk: Uint8Array): Iterable<Frame<Line>> {
    for (const byte of chunk) {
      if (byte === CR || byte === LF) {
        this.#ends++;
        const line = this.#close();
        if (line !== undefined) yield line;
      } else if (this.#oversize > 0) {
        this.#oversize++;
      } else if (this.#length === MAX_LINE) {
        this.#oversize = MAX_LINE + 1;
        this.#length = 0;
      } else {
        if (byte < 0x20 || byte > 0x7e) this.#isText = byte === 0x09 && this.#isText;
        this.#buffer[this.#length++] = byte;
      }
    }
  }

  *end(): Iterable<Frame<Line>> {
    const bytes = this.#length + this.#oversize;
    this.#length = 0;
    if (bytes > 0) yield { type: 'noise', reason: this.#oversize > 0 ? 'oversize' : 'truncated', bytes };
    this.#oversize = 0;
  }

  #close(): Frame<Line> | undefined {
    const bytes = this.#length;
    const oversize = this.#oversize;
    const isText = this.#isText;
    this.#length = 0;
    this.#oversize = 0;
    this.#isText = true;
    if (oversize > 0) return { type: 'noise', reason: 'oversize', bytes: oversize };
    if (bytes === 0) return undefined;
    if (!isText) return { type: 'noise', reason: 'malformed', bytes };
    const text = Buffer.from(this.#buffer.buffer, this.#buffer.byteOffset, bytes).toString('latin1').trim();
    return { type: 'line', text, bytes };
  }
}
