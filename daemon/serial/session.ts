import type { BaudSearch } from './baud-search.ts';
import type { Connection, LineEnd } from './transport.ts';

/** What an open port lacks: any bytes, or sense in them. */
export type Trouble = 'stalled' | 'garbled';

/** Why a session is over. `vanished`: the node is gone, or names another device by now, without a hang-up. */
export type SessionEnd = LineEnd | Trouble | 'vanished' | 'aborted';

export interface SessionTiming {
  /** Without a valid frame for so long, a port that ran is in trouble. */
  readonly silenceMs: number;
  /** How long each baud rate is tried. */
  readonly trialMs: number;
  /** The line counts as quiet after so long without a byte. */
  readonly quietMs: number;
  readonly tickMs: number;
  /** Fruitless rounds, through all the baud rates, after which the port is opened anew. */
  readonly patience: number;
}

export interface SessionEvents {
  /** Takes bytes; returns how many valid frames they completed. */
  feed(chunk: Uint8Array, peer?: string): number;
  quiet(): void;
  /** The line is open, or open at another speed than before. */
  opened(): void;
  /** Time goes by, each `tickMs`. */
  tick(): void;
  running(): void;
  trouble(trouble: Trouble): void;
}

/** One open port, from its opening to its end: watches that valid frames come, and looks for the baud rate when they don't. */
export class Session {
  readonly #connection: Connection;
  readonly #baud: BaudSearch;
  readonly #timing: SessionTiming;
  readonly #events: SessionEvents;
  readonly #searching: boolean;
  #finish: (end: SessionEnd) => void = () => {};
  #ended = false;
  #frames = 0;
  /** Whether the present baud rate has brought a valid frame. */
  #confirmed = false;
  #changingRate = false;
  #chunks = 0;
  #bytesSinceFrame = 0;
  #fruitless = 0;
  #silence: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #ticks: NodeJS.Timeout | undefined;

  constructor(
    connection: Connection,
    baud: BaudSearch,
    timing: SessionTiming,
    events: SessionEvents,
    hasRate: boolean,
  ) {
    this.#connection = connection;
    this.#baud = baud;
    this.#timing = timing;
    this.#events = events;
    this.#searching = hasRate && baud.hasChoice;
  }

  /** Valid frames so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Reads until the line ends, frames stay away for too long, or `signal` aborts. Leaves the connection open. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    if (signal.aborted) return 'aborted';
    const abort = (): void => this.#end('aborted');
    signal.addEventListener('abort', abort);
    try {
      return await new Promise<SessionEnd>((resolve) => {
        this.#finish = resolve;
        this.#watch();
        this.#ticks = setInterval(() => this.#events.tick(), this.#timing.tickMs);
        this.#connection.start({ onBytes: (chunk, peer) => this.#take(chunk, peer), onEnd: (end) => this.#end(end) });
        if (!this.#ended) this.#events.opened();
      });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #take(chunk: Uint8Array, peer: string | undefined): void {
    if (this.#ended) return;
    this.#chunks += 1;
    const frames = this.#events.feed(chunk, peer);
    if (this.#quiet === undefined) this.#quiet = setTimeout(() => this.#lull(), this.#timing.quietMs);
    else this.#quiet.refresh();
    if (frames === 0) {
      this.#bytesSinceFrame += chunk.length;
      return;
    }
    // What still came at the last rate says nothing of the next.
    if (this.#changingRate) return;
    this.#frames += frames;
    this.#bytesSinceFrame = 0;
    this.#fruitless = 0;
    if (this.#confirmed) {
      this.#silence?.refresh();
      return;
    }
    this.#confirmed = true;
    this.#baud.confirm();
    this.#events.running();
    this.#watch();
  }

  #lull(): void {
    this.#unlessGrown(
      () => this.#chunks,
      () => this.#events.quiet(),
    );
  }

  /**
   * Runs something unless a count grows while the event loop polls once more. Where this process was held up, timers run
   * before what waits in the kernel is read: that is neither a quiet line nor a silent device.
   */
  #unlessGrown(count: () => number, then: () => void): void {
    const before = count();
    setImmediate(() => {
      if (!this.#ended && count() === before) then();
    });
  }

  /** Starts the wait for a valid frame. */
  #watch(): void {
    clearTimeout(this.#silence);
    if (this.#ended) return;
    const { silenceMs, trialMs } = this.#timing;
    const wait = this.#searching && !this.#confirmed ? Math.min(trialMs, silenceMs) : silenceMs;
    this.#silence = setTimeout(() => {
      this.#unlessGrown(
        () => this.#frames,
        () => this.#withoutFrames(),
      );
    }, wait);
  }

  async #withoutFrames(): Promise<void> {
    const ranBefore = this.#confirmed;
    this.#confirmed = false;
    if (ranBefore) this.#events.trouble(this.#trouble());
    if (this.#searching) {
      const wholeRound = this.#baud.advance();
      if (!(await this.#setBaudRate())) return this.#end('failed');
      if (!this.#ended) this.#events.opened();
      if (!wholeRound) return this.#watch();
    }
    return this.#afterRound();
  }

  /** Every baud rate has had its turn. */
  async #afterRound(): Promise<void> {
    const trouble = this.#trouble();
    this.#events.trouble(trouble);
    if (!(await this.#connection.isPresent())) return this.#end('vanished');
    this.#fruitless += 1;
    if (this.#fruitless >= this.#timing.patience) return this.#end(trouble);
    this.#bytesSinceFrame = 0;
    return this.#watch();
  }

  async #setBaudRate(): Promise<boolean> {
    this.#changingRate = true;
    try {
      await this.#connection.setBaudRate(this.#baud.current);
      return true;
    } catch {
      // The device was unplugged this very moment, or its driver knows no such rate: opening it anew tells which.
      return false;
    } finally {
      this.#changingRate = false;
    }
  }

  #trouble(): Trouble {
    return this.#bytesSinceFrame > 0 ? 'garbled' : 'stalled';
  }

  #end(end: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#quiet);
    clearInterval(this.#ticks);
    this.#finish(end);
  }
}
