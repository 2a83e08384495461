import type { KindName, Observation } from '../readings/index.ts';

/** Which kinds a device's profile keeps, and the least time in ms between two readings of a kind (0 keeps each). */
export type SelectionRules = Readonly<Partial<Record<KindName, { readonly every: number }>>>;

/** Share of the period by which a reading may come early and still count for it: receivers and serial lines jitter. */
const EARLY = 0.25;

/** Thins one source's observations to what its profile keeps. Times are the observations' own `t`. */
export class Selection {
  readonly #rules: SelectionRules;
  readonly #due = new Map<KindName, number>();

  constructor(rules: SelectionRules) {
    this.#rules = rules;
  }

  /**
   * Whether the observation is kept. A kind with a period keeps the beat of its first reading, so that a 10 Hz receiver
   * thinned to "1s" gives one reading a second, not one each 1.1 s.
   */
  keeps({ kind, t }: Observation): boolean {
    const every = this.#rules[kind]?.every;
    if (every === undefined) return false;
    if (every === 0) return true;
    const due = this.#due.get(kind);
    const steppedBack = due !== undefined && t < due - 2 * every;
    if (due !== undefined && !steppedBack && t < due - every * EARLY) return false;
    const late = due === undefined || steppedBack || t >= due + every;
    this.#due.set(kind, (late ? t : due) + every);
    return true;
  }
}
