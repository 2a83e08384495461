import { type Device, NOTHING } from './device.ts';

/** Bytes of a recording, with the time at which they came, ms since its beginning. */
export interface RecordedChunk {
  readonly ms: number;
  readonly bytes: Uint8Array;
}

const EPOCH_MS = 20;

/** Plays a recording over and over, at the pace at which it was made. */
export class Recording implements Device {
  readonly periodMs = EPOCH_MS;
  readonly #chunks: readonly RecordedChunk[];
  /** From the first byte to the first byte of the next round. */
  readonly #roundMs: number;
  #next = 0;
  #round = 0;

  /** @param chunks at least one, in the order of their times @param speed 2 plays it twice as fast */
  constructor(chunks: readonly RecordedChunk[], speed = 1) {
    const [first] = chunks;
    if (first === undefined) throw new RangeError('the recording is empty');
    this.#chunks = chunks.map(({ ms, bytes }) => ({ ms: (ms - first.ms) / speed, bytes }));
    this.#roundMs = (this.#chunks.at(-1)?.ms ?? 0) + 1_000;
  }

  epoch(ms: number): Uint8Array {
    const due: Uint8Array[] = [];
    for (;;) {
      const chunk = this.#chunks[this.#next];
      if (chunk === undefined) {
        this.#next = 0;
        this.#round += 1;
        continue;
      }
      if (this.#round * this.#roundMs + chunk.ms > ms) break;
      due.push(chunk.bytes);
      this.#next += 1;
    }
    return due.length === 0 ? NOTHING : Buffer.concat(due);
  }
}

/** Bytes without times, as they would come over a line of so many baud. */
export function chunksOf(bytes: Uint8Array, baudRate: number): RecordedChunk[] {
  const bytesPerMs = baudRate / 10_000;
  const size = Math.max(1, Math.round(bytesPerMs * EPOCH_MS));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => ({
    ms: (index * size) / bytesPerMs,
    bytes: bytes.subarray(index * size, (index + 1) * size),
  }));
}
