/**
 * How many bytes a second a port may hand on: no serial line comes near it, but a storm on a network port would take the
 * whole processor. One second's worth may come at once.
 */
export class ByteBudget {
  readonly #bytesPerSecond: number;
  #left: number;
  #at: number | undefined;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = bytesPerSecond;
  }

  /**
   * How many of `wanted` bytes may pass; what is over is to be dropped.
   *
   * @param now monotonic time, ms
   */
  take(wanted: number, now: number): number {
    const elapsed = this.#at === undefined ? 0 : now - this.#at;
    this.#at = now;
    this.#left = Math.min(this.#bytesPerSecond, this.#left + (elapsed * this.#bytesPerSecond) / 1_000);
    const granted = Math.min(wanted, Math.floor(this.#left));
    this.#left -= granted;
    return granted;
  }
}
