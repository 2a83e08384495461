import type { GnssOpinion } from './belief.ts';
import { GnssReceiver } from './gnss-receiver.ts';

/** How much later than the instant that they name a receiver's bytes may come, at most. */
const LATENCY_MS = 1_000;
/** Receivers whose times lie no further apart than this agree. */
const AGREE_MS = LATENCY_MS;
/** Nobody's receivers are as many. */
const MAX_RECEIVERS = 64;
/** A roll-over of GPS weeks (1,024 of them) is a jump of 19.6 years. */
const ROLLOVER_MS = 1_024 * 7 * 86_400_000;

/** What all receivers say of the time, taken together. */
export class GnssTime {
  readonly #notBefore: number;
  readonly #receivers = new Map<string, GnssReceiver>();
  /** Times before this program was made, or a roll-over of weeks after. */
  implausible = 0;

  constructor(notBefore: number) {
    this.#notBefore = notBefore;
  }

  /** The monotonic clock stood still: what was heard before tells nothing of now. */
  forget(): void {
    this.#receivers.clear();
  }

  observe(source: string, time: number, monotonic: number): void {
    if (time < this.#notBefore || time >= this.#notBefore + ROLLOVER_MS) {
      this.implausible += 1;
      return;
    }
    let receiver = this.#receivers.get(source);
    if (receiver === undefined) {
      if (this.#receivers.size >= MAX_RECEIVERS) return;
      receiver = new GnssReceiver();
      this.#receivers.set(source, receiver);
    }
    receiver.observe(time, monotonic);
  }

  /**
   * What most of the steady receivers agree on; undefined where none is, or where as many say one thing as another: then
   * nobody can tell who is right. The latest of times that agree counts, as it was delayed least.
   */
  opinion(monotonic: number): GnssOpinion | undefined {
    const steady = [...this.#receivers.values()].map((receiver) => receiver.steady(monotonic)).filter(isThere);
    const camps = steady.map((one) =>
      steady.filter(({ offset }) => one.offset >= offset && one.offset - offset <= AGREE_MS),
    );
    const most = camps.reduce((size, camp) => Math.max(size, camp.length), 0);
    const leading = camps.filter((camp) => camp.length === most);
    const offsets = leading.map((camp) => Math.max(...camp.map(({ offset }) => offset)));
    const offset = Math.max(...offsets);
    const [camp] = leading;
    if (camp === undefined || offset - Math.min(...offsets) > AGREE_MS) return undefined;
    return {
      source: 'gnss',
      offset,
      uncertainty: LATENCY_MS,
      at: monotonic,
      receivers: most,
      steadyFor: Math.max(...camp.map(({ steadyFor }) => steadyFor)),
    };
  }

  /** Which receivers tell a time, and how far it lies from `offset`, ms; undefined while it is not steady. */
  *states(
    offset: number,
    monotonic: number,
  ): Iterable<{ readonly source: string; readonly differenceMs: number | undefined }> {
    for (const [source, receiver] of this.#receivers) {
      const steady = receiver.steady(monotonic);
      yield { source, differenceMs: steady === undefined ? undefined : Math.round(steady.offset - offset) };
    }
  }
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;
