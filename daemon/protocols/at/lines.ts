import type { Frame, Framer, NoiseReason } from '../protocol.ts';

/** A line of text, without its line end. */
export interface TextLine {
  readonly type: 'line';
  readonly text: string;
  /** Bytes of the text. */
  readonly bytes: number;
}

/** Longest line that is waited for; the longest answers of modems have some 300 bytes. */
export const MAX_LINE = 1024;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const DELETE = 0x7f;
const TAB = 0x09;

/**
 * Splits what a modem sends into lines (ITU-T V.250, 5.7: CR LF before and behind; some send one of them). Text is
 * UTF-8. A line with control characters, or longer than MAX_LINE, is noise. Any split of the same bytes yields the same
 * lines.
 */
export class LineFramer implements Framer<TextLine> {
  readonly #buffer = Buffer.alloc(MAX_LINE);
  #length = 0;
  /** Why the line that is coming is given up already. */
  #fault: NoiseReason | undefined;
  #ends = 0;

  /** Line ends so far, in bytes. */
  get lineEnds(): number {
    return this.#ends;
  }

  *push(chunk: Uint8Array): Generator<Frame<TextLine>> {
    for (const byte of chunk) {
      if (byte === CR || byte === LF) {
        this.#ends++;
        if (this.#length > 0) yield this.#take();
      } else if (this.#length === MAX_LINE) {
        yield { type: 'noise', reason: 'oversize', bytes: MAX_LINE };
        this.#length = 1;
        this.#fault = 'oversize';
      } else {
        if ((byte < SPACE && byte !== TAB) || byte === DELETE) this.#fault ??= 'malformed';
        this.#buffer[this.#length++] = byte;
      }
    }
  }

  *end(): Generator<Frame<TextLine>> {
    if (this.#length === 0) return;
    yield { type: 'noise', reason: this.#fault ?? 'truncated', bytes: this.#length };
    this.#length = 0;
    this.#fault = undefined;
  }

  #take(): Frame<TextLine> {
    const bytes = this.#length;
    const fault = this.#fault;
    this.#length = 0;
    this.#fault = undefined;
    if (fault !== undefined) return { type: 'noise', reason: fault, bytes };
    return { type: 'line', text: this.#buffer.toString('utf8', 0, bytes).trim(), bytes };
  }
}
