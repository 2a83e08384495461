/** How long an acknowledgement may take, in milliseconds. */
export const ACKNOWLEDGE_TIMEOUT_MS = 60_000;

/** Beside that, what a packet may take to go out: a kilobyte a second, as GPRS at its worst. */
const MS_PER_BYTE = 1;

/**
 * Watches over what the broker has yet to acknowledge. A broker that answers pings may still answer nothing else, and
 * MQTT 5 (section 4.4) lets a client send again on a new connection only.
 *
 * The time is that of the oldest alone, from when it became the oldest: acknowledgements come in the order of the
 * messages (MQTT 5, section 4.6), so a slow broker that takes one after the other is late with none, and a message
 * that it passed over is found although it answers later ones.
 */
export class Patience {
  readonly #limitMs: number;
  readonly #onEnd: (limitMs: number) => void;
  /** What waits and its bytes, oldest first. */
  readonly #waiting = new Map<symbol, number>();
  #oldest: symbol | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onEnd the oldest has waited for so many milliseconds in vain */
  constructor(limitMs: number, onEnd: (limitMs: number) => void) {
    this.#limitMs = limitMs;
    this.#onEnd = onEnd;
  }

  /** A packet of so many bytes goes out. The returned function says that its answer is there; it may be called twice. */
  await(bytes: number): () => void {
    const one = Symbol('packet');
    this.#waiting.set(one, bytes);
    this.#watch();
    return () => {
      this.#waiting.delete(one);
      this.#watch();
    };
  }

  /** The connection is over: nothing is waited for any more. */
  close(): void {
    this.#waiting.clear();
    this.#watch();
  }

  #watch(): void {
    const [oldest] = this.#waiting;
    if (oldest?.[0] === this.#oldest) return;
    clearTimeout(this.#timer);
    this.#oldest = oldest?.[0];
    if (oldest === undefined) return;
    const limitMs = this.#limitMs + oldest[1] * MS_PER_BYTE;
    this.#timer = setTimeout(() => this.#onEnd(limitMs), limitMs);
  }
}
