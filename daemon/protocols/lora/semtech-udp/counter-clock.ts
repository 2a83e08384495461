const TURN = 2 ** 32;
/** Further than this from where it should be, the counter was started anew. */
const RESTART = 60_000_000;

/**
 * A concentrator's counter of microseconds, which rolls over every 4,295 seconds and starts anew with the concentrator
 * (Semtech protocol, section 4: tmst, 32 bits).
 */
export class CounterClock {
  /** The latest packet: its counter, the same with turns counted, and when it arrived. */
  #last: { readonly counter: number; readonly unwrapped: number; readonly t: number } | undefined;

  /**
   * Takes the counter of a packet that arrived at `t`, ms of the gateway's clock, by which it tells how many turns went
   * by unheard. Gives microseconds that never roll over: their differences are the times between packets, also of those
   * that a datagram holds out of order. Over a restart of the concentrator the gateway's clock carries them on.
   */
  unwrap(counter: number, t: number): number {
    const last = this.#last;
    if (last === undefined) return this.#keep(counter, counter, t);
    const expected = last.unwrapped + (t - last.t) * 1000;
    const since = counter - last.counter;
    const turns = Math.round((expected - last.unwrapped - since) / TURN);
    const unwrapped = last.unwrapped + since + turns * TURN;
    if (Math.abs(unwrapped - expected) > RESTART) return this.#keep(counter, expected, t);
    return unwrapped > last.unwrapped ? this.#keep(counter, unwrapped, t) : unwrapped;
  }

  /** What the counter shows at `t`, as far as the latest packet tells; undefined before one came. */
  counterAt(t: number): number | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const counter = Math.round(last.counter + (t - last.t) * 1000) % TURN;
    return counter < 0 ? counter + TURN : counter;
  }

  #keep(counter: number, unwrapped: number, t: number): number {
    this.#last = { counter, unwrapped, t };
    return unwrapped;
  }
}
