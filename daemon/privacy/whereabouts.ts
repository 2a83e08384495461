/** A receiver that is silent for so long while another one speaks has no say. */
const STALE_MS = 10_000;

/** Where the receivers last said that the gateway was: within a zone or not. */
export class Whereabouts {
  readonly #last = new Map<string, { readonly isInside: boolean; readonly t: number }>();
  #lastOutside: number | undefined;

  /** When a receiver last placed the gateway outside every zone, ms since the Unix epoch. */
  get lastOutside(): number | undefined {
    return this.#lastOutside;
  }

  /** The clock that has stamped the fixes so far was wrong by so much. */
  dateBack(deltaMs: number): void {
    for (const [source, { isInside, t }] of this.#last) this.#last.set(source, { isInside, t: t + deltaMs });
    if (this.#lastOutside !== undefined) this.#lastOutside += deltaMs;
  }

  /** A receiver placed the gateway. Answers whether any receiver that has a say places it within a zone. */
  place(source: string, isInside: boolean, t: number): boolean {
    this.#last.set(source, { isInside, t });
    if (!isInside) this.#lastOutside = t;
    return [...this.#last.values()].some((one) => one.isInside && t - one.t < STALE_MS);
  }
}
