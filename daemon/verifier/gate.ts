/** Lets everyone through while it is open, and has them wait while it is closed. It begins closed. */
export class Gate {
  #waiting: (() => void)[] = [];
  #isOpen = false;
  #openings = 0;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#openings += 1;
    for (const enter of this.#waiting.splice(0)) enter();
  }

  /** Closes it; with the number that `pass` gave, only if it was not opened anew since. */
  close(opening = this.#openings): void {
    if (opening === this.#openings) this.#isOpen = false;
  }

  /** Resolves when the gate is open, to the number of its opening. */
  async pass(): Promise<number> {
    while (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#openings;
  }
}
