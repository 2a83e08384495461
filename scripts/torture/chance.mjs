/** Chance that a seed repeats: the linear congruential generator of Numerical Recipes. */
export class Chance {
  #state;

  constructor(seed) {
    // Spread: neighbouring seeds would begin with nearly the same number.
    this.#state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  }

  /** From 0 to 1, which it never reaches. */
  next() {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }

  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  isBelow(probability) {
    return this.next() < probability;
  }
}
