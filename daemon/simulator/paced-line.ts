const TICK_MS = 10;
/** A start bit, eight data bits, a stop bit. */
const BITS_PER_BYTE = 10;
const MIN_QUEUE = 4_096;

/**
 * Lets bytes out at a baud rate, which a pseudo-terminal doesn't do by itself. Holds a second's worth; what is over is
 * dropped and counted, as a receiver does whose transmit buffer is full.
 */
export class PacedLine {
  readonly #bytesPerMs: number;
  readonly #capacity: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #at = 0;
  /** Bytes that the line could have carried since, a fraction included. */
  #credit = 0;

  constructor(baudRate: number, write: (bytes: Uint8Array) => void) {
    this.#bytesPerMs = baudRate / BITS_PER_BYTE / 1_000;
    this.#capacity = Math.max(MIN_QUEUE, baudRate / BITS_PER_BYTE);
    this.#write = write;
  }

  /** Bytes that wait for their turn. */
  get queued(): number {
    return this.#queued;
  }

  /** Bytes that didn't fit. */
  get dropped(): number {
    return this.#dropped;
  }

  push(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, Math.floor(this.#capacity - this.#queued));
    this.#dropped += bytes.length - room;
    if (room === 0) return;
    this.#queue.push(bytes.subarray(0, room));
    this.#queued += room;
    if (this.#timer !== undefined) return;
    this.#at = performance.now();
    this.#credit = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Forgets what waits. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#queue.length = 0;
    this.#queued = 0;
  }

  #tick(): void {
    const now = performance.now();
    this.#credit += (now - this.#at) * this.#bytesPerMs;
    this.#at = now;
    while (this.#credit >= 1) {
      const head = this.#queue[0];
      if (head === undefined) {
        this.clear();
        return;
      }
      const part = head.subarray(0, Math.floor(this.#credit));
      if (part.length === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(part.length);
      this.#queued -= part.length;
      this.#credit -= part.length;
      this.#write(part);
    }
  }
}
