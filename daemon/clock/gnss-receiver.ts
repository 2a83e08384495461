/** A receiver's time counts when it has kept to it for so long, ... */
const STEADY_MS = 4_000;
/** ... in so many epochs, ... */
const STEADY_EPOCHS = 5;
/** ... each no further from the others than serial lines and the receivers' own work delay them. */
const MAX_SPREAD_MS = 1_000;
/** Epochs older than this tell nothing any more; a receiver that has been silent for so long tells nothing at all. */
const WINDOW_MS = 15_000;
/** Faster receivers are sampled: more tells no more. */
const LEAST_APART_MS = 200;

interface Sample {
  readonly monotonic: number;
  /** The receiver's time minus the monotonic clock when its first byte came. */
  readonly offset: number;
}

/**
 * What one receiver says of the time. Its bytes come some 50 to 900 ms after the instant that they name, so the epoch that was
 * delayed least tells most. A time that stands still, goes back or jumps begins anew.
 */
export class GnssReceiver {
  #samples: Sample[] = [];
  #steadySince = 0;
  #lastTime = 0;

  /** The receiver said `time`, ms since the Unix epoch; its first byte came at `monotonic`. */
  observe(time: number, monotonic: number): void {
    const last = this.#samples.at(-1);
    if (time === this.#lastTime) return;
    const sample = { monotonic, offset: time - monotonic };
    if (time < this.#lastTime || this.#samples.some(({ offset }) => Math.abs(offset - sample.offset) > MAX_SPREAD_MS)) {
      this.#samples = [];
    } else if (last !== undefined && monotonic - last.monotonic < LEAST_APART_MS) {
      return;
    }
    this.#lastTime = time;
    if (this.#samples.length === 0) this.#steadySince = monotonic;
    this.#samples.push(sample);
    this.#forget(monotonic);
  }

  /** The receiver's time as an offset to the monotonic clock, and for how long it has kept to it; undefined while it is not steady. */
  steady(monotonic: number): { readonly offset: number; readonly steadyFor: number } | undefined {
    this.#forget(monotonic);
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || this.#samples.length < STEADY_EPOCHS) return undefined;
    if (last.monotonic - first.monotonic < STEADY_MS) return undefined;
    const offset = this.#samples.reduce((most, sample) => Math.max(most, sample.offset), Number.NEGATIVE_INFINITY);
    return { offset, steadyFor: monotonic - this.#steadySince };
  }

  #forget(monotonic: number): void {
    this.#samples = this.#samples.filter((sample) => monotonic - sample.monotonic <= WINDOW_MS);
  }
}
