/** The baud rates that a device may speak, tried in turn; the one that brought valid frames comes first ever after. */
export class BaudSearch {
  readonly #rates: readonly number[];
  #index = 0;
  /** Where this round began: back there, every rate has had its turn. */
  #start = 0;

  /** @param rates at least one */
  constructor(rates: readonly number[]) {
    if (rates.length === 0) throw new RangeError('no baud rate to try');
    this.#rates = rates;
  }

  get current(): number {
    return this.#rates[this.#index] ?? 0;
  }

  get hasChoice(): boolean {
    return this.#rates.length > 1;
  }

  /** Valid frames came at the current rate: a later search begins here. */
  confirm(): void {
    this.#start = this.#index;
  }

  /** Back to where the round began: to the rate that last worked, if any did. */
  rewind(): void {
    this.#index = this.#start;
  }

  /** Moves on to the next rate; true when that ends a round. */
  advance(): boolean {
    this.#index = (this.#index + 1) % this.#rates.length;
    return this.#index === this.#start;
  }
}
