/** How often something happens: a count for each step of time, the latest steps kept. */
export class Rate {
  readonly #stepMs: number;
  readonly #counts: Uint32Array;
  /** The step that is under way, counted from the clock's zero. */
  #step: number;
  /** The step in which counting began: it is not complete. */
  readonly #first: number;

  /** @param now milliseconds that never go back */
  constructor(stepMs: number, steps: number, now: number) {
    this.#stepMs = stepMs;
    this.#counts = new Uint32Array(steps + 1);
    this.#step = Math.floor(now / stepMs);
    this.#first = this.#step;
  }

  count(now: number): void {
    this.#advance(now);
    const at = this.#step % this.#counts.length;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Times a second in each complete step, oldest first. */
  history(now: number): number[] {
    this.#advance(now);
    const known = Math.min(this.#counts.length - 1, this.#step - this.#first - 1);
    const perSecond: number[] = [];
    for (let back = known; back >= 1; back--) {
      const count = this.#counts[(this.#step - back) % this.#counts.length] ?? 0;
      perSecond.push((count * 1_000) / this.#stepMs);
    }
    return perSecond;
  }

  /** Empties the steps that have passed without a count. */
  #advance(now: number): void {
    const step = Math.floor(now / this.#stepMs);
    const passed = Math.min(step - this.#step, this.#counts.length);
    for (let i = 1; i <= passed; i++) this.#counts[(step - passed + i) % this.#counts.length] = 0;
    this.#step = Math.max(step, this.#step);
  }
}
