import type { Frame, Framer } from '../../protocol.ts';

const START1 = 0x94;
const START2 = 0xc3;
const HEADER = 4;
/** A longer length is no frame (Meshtastic, Client API, "Streaming version"). */
export const MAX_PAYLOAD = 512;
export const MAX_FRAME = HEADER + MAX_PAYLOAD;

export interface StreamFrame<M> {
  readonly type: 'stream';
  readonly message: M;
  /** Bytes on the wire. */
  readonly bytes: number;
}

/**
 * Splits the serial stream of a Meshtastic node into its protobufs: 0x94 0xc3, the length in two bytes, the most
 * significant first. What stands between is the node's log, which is given up as noise. A start with no readable
 * message behind it was none, and what follows is looked at again.
 */
export class StreamFramer<M> implements Framer<StreamFrame<M>> {
  readonly #read: (payload: Uint8Array) => M | undefined;
  readonly #buffer = new Uint8Array(4 * MAX_FRAME);
  #start = 0;
  #end = 0;

  constructor(read: (payload: Uint8Array) => M | undefined) {
    this.#read = read;
  }

  get buffered(): number {
    return this.#end - this.#start;
  }

  *push(chunk: Uint8Array): Iterable<Frame<StreamFrame<M>>> {
    let taken = 0;
    while (taken < chunk.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      const part = chunk.subarray(taken, taken + this.#buffer.length - this.#end);
      this.#buffer.set(part, this.#end);
      this.#end += part.length;
      taken += part.length;
      yield* this.#frames();
    }
  }

  *end(): Iterable<Frame<StreamFrame<M>>> {
    const bytes = this.buffered;
    this.#start = this.#end;
    if (bytes > 0) yield { type: 'noise', reason: 'truncated', bytes };
  }

  *#frames(): Iterable<Frame<StreamFrame<M>>> {
    const buffer = this.#buffer;
    while (this.#start < this.#end) {
      const lost = this.#textLength();
      if (lost > 0) {
        this.#start += lost;
        yield { type: 'noise', reason: 'sync', bytes: lost };
        continue;
      }
      if (this.buffered < HEADER) return;
      const length = ((buffer[this.#start + 2] ?? 0) << 8) | (buffer[this.#start + 3] ?? 0);
      if (length > MAX_PAYLOAD) {
        yield this.#skipStart('oversize');
        continue;
      }
      if (this.buffered < HEADER + length) return;
      const message = this.#read(buffer.slice(this.#start + HEADER, this.#start + HEADER + length));
      if (message === undefined) {
        yield this.#skipStart('malformed');
        continue;
      }
      this.#start += HEADER + length;
      yield { type: 'stream', message, bytes: HEADER + length };
    }
  }

  /** Bytes before what is, or may become, a start. */
  #textLength(): number {
    let at = this.#start;
    for (; at < this.#end; at++) {
      if (this.#buffer[at] === START1 && (at + 1 === this.#end || this.#buffer[at + 1] === START2)) break;
    }
    return at - this.#start;
  }

  #skipStart(reason: 'oversize' | 'malformed'): Frame<StreamFrame<M>> {
    this.#start += 2;
    return { type: 'noise', reason, bytes: 2 };
  }
}

/** A protobuf as it goes on the wire. */
export function encodeStreamFrame(payload: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(START1, START2, payload.length >> 8, payload.length & 0xff), payload]);
}

/** Wakes a node that sleeps, and ends what it may take for a frame begun. */
export const WAKE_UP: Uint8Array = new Uint8Array(32).fill(START2);
