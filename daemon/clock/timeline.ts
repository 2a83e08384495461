/** The timeline is brought to where it should be by so much of the time that goes by: 10 ms a second. */
const SLEW = 0.01;
/** Stretches remembered: what is stamped when its first byte comes may be asked for when the next epoch begins. */
const MAX_STRETCHES = 16;

/** From `from` on the offset goes from `offset` to `target` at the rate of `SLEW`. */
interface Stretch {
  readonly from: number;
  readonly offset: number;
  readonly target: number;
}

/**
 * The monotonic clock plus an offset. Small corrections are slewed, so that time never stands still or goes back; only `step`
 * moves it at once. Pure: it reads no clock. Times in ms; those of the monotonic clock have fractions, the timeline's are whole.
 */
export class Timeline {
  #stretches: Stretch[];

  constructor(offset: number) {
    this.#stretches = [{ from: Number.NEGATIVE_INFINITY, offset, target: offset }];
  }

  /** Milliseconds since the Unix epoch when the monotonic clock showed `monotonic`. */
  at(monotonic: number): number {
    return Math.max(0, Math.round(monotonic + this.offsetAt(monotonic)));
  }

  /** What was added to the monotonic clock at `monotonic`. */
  offsetAt(monotonic: number): number {
    for (let i = this.#stretches.length - 1; ; i--) {
      const stretch = this.#stretches[i] ?? this.#last();
      if (stretch.from <= monotonic || i <= 0) return offsetIn(stretch, monotonic);
    }
  }

  /** How far the offset still is from where it is being slewed to. */
  restAt(monotonic: number): number {
    const last = this.#last();
    return last.target - offsetIn(last, monotonic);
  }

  /** Goes over to another offset gradually. */
  slew(target: number, monotonic: number): void {
    this.#push({ from: monotonic, offset: this.offsetAt(monotonic), target });
  }

  /** Moves by `delta` at once, for what was before as well where it `datesBack`. What is being slewed goes on. */
  step(delta: number, monotonic: number, datesBack: boolean): void {
    const moved = (stretch: Stretch): Stretch => ({
      from: stretch.from,
      offset: stretch.offset + delta,
      target: stretch.target + delta,
    });
    if (datesBack) {
      this.#stretches = this.#stretches.map(moved);
      return;
    }
    const now = { from: monotonic, offset: this.offsetAt(monotonic), target: this.#last().target };
    this.#push(moved(now));
  }

  #push(stretch: Stretch): void {
    this.#stretches.push(stretch);
    if (this.#stretches.length > MAX_STRETCHES) this.#stretches.shift();
  }

  #last(): Stretch {
    const last = this.#stretches.at(-1);
    if (last === undefined) throw new Error('a timeline has at least one stretch');
    return last;
  }
}

function offsetIn({ from, offset, target }: Stretch, monotonic: number): number {
  if (from === Number.NEGATIVE_INFINITY) return target;
  const reach = Math.max(0, monotonic - from) * SLEW;
  const rest = target - offset;
  return Math.abs(rest) <= reach ? target : offset + Math.sign(rest) * reach;
}
