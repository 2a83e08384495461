/** A reproducible source of random numbers: the same seed gives the same sequence on every machine. */
export class Random {
  #state: number;

  /** @param seed any integer; its lower 32 bits count */
  constructor(seed: number) {
    this.#state = mix(seed | 0);
  }

  /** Uniform in [0, 1), with 32 bits of resolution: a Weyl sequence through an integer hash. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (mix(this.#state) >>> 0) / 0x1_0000_0000;
  }

  /** A uniform integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }
}

/** Finalizer of MurmurHash3: every input bit moves half of the output bits. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * Noise that wanders as a receiver's errors do: any instant can be asked for, near instants have near values, and the
 * same seed gives the same noise. Mean 0, mostly within plus or minus 1.
 */
export class Wander {
  readonly #seed: number;
  readonly #periodMs: number;

  /** @param periodMs how long until a value says nothing of the next */
  constructor(seed: number, periodMs: number) {
    this.#seed = seed;
    this.#periodMs = periodMs;
  }

  at(ms: number): number {
    const position = ms / this.#periodMs;
    const cell = Math.floor(position);
    const x = position - cell;
    const blend = x * x * (3 - 2 * x);
    return this.#knot(cell) * (1 - blend) + this.#knot(cell + 1) * blend;
  }

  #knot(cell: number): number {
    const bits = mix(mix(this.#seed ^ 0x51ed27) + Math.imul(cell | 0, 0x9e3779b1)) >>> 0;
    return (bits / 0xffff_ffff) * 2 - 1;
  }
}
