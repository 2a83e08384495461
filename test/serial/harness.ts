import { EventEmitter, once } from 'node:events';
import type { FieldsealError } from '../../daemon/errors.ts';
import type { Log } from '../../daemon/log.ts';
import { type FeedResult, type PortOptions, type PortState, PortSupervisor } from '../../daemon/serial/index.ts';

export interface LogLine {
  readonly level: string;
  readonly fields: object;
  readonly phrase: string;
}

/** Waits short enough for tests, and long enough for a busy machine. */
export const QUICK = { trialMs: 60, quietMs: 20, settleMs: 5, backoffMinMs: 20, backoffMaxMs: 100 } as const;

/** A supervised port whose every event can be awaited. */
export class PortUnderTest {
  readonly supervisor: PortSupervisor;
  readonly states: PortState[] = [];
  readonly errors: FieldsealError[] = [];
  readonly lines: LogLine[] = [];
  /** What was received, as Latin-1. */
  text = '';
  quiets = 0;
  overflow = 0;
  /** Counts the valid frames of a chunk: one a line feed, where the test says nothing else. */
  frames: (chunk: Uint8Array) => number = (chunk) => chunk.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
  quiet: () => void = () => {};
  heard: (chunk: Uint8Array, peer: string | undefined) => unknown = () => {};
  opened: () => unknown = () => {};
  openings = 0;
  readonly ticks: number[] = [];
  readonly #events = new EventEmitter();
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: Partial<PortOptions> & { path: string }) {
    this.supervisor = new PortSupervisor(
      { source: 'test', baudRates: [9_600], silenceMs: 10_000, ...options, timing: { ...QUICK, ...options.timing } },
      {
        onBytes: (chunk, _t, peer): FeedResult => this.#take(chunk, peer),
        onOpen: () => {
          this.openings += 1;
          this.opened();
        },
        onTick: (t) => this.ticks.push(t),
        onQuiet: () => {
          this.quiets += 1;
          this.quiet();
          this.#events.emit('change');
        },
        onState: (state, error) => {
          this.states.push(state);
          if (error !== undefined) this.errors.push(error);
          this.#events.emit('change');
        },
        onOverflow: (bytes) => {
          this.overflow += bytes;
        },
        log: this.#log(),
      },
    );
  }

  start(): this {
    this.#running = this.supervisor.run(this.#abort.signal);
    return this;
  }

  /** Resolves when the run has come to its end by itself. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  get state(): PortState {
    return this.supervisor.stats.state;
  }

  /** Waits until something holds; looked at again at every event of the port, and now and then: an opening is none. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const look = setTimeout(() => this.#events.emit('change'), 5);
      await once(this.#events, 'change');
      clearTimeout(look);
    }
  }

  async untilOpened(times: number): Promise<void> {
    await this.until(() => this.supervisor.stats.opens >= times);
  }

  async untilState(state: PortState): Promise<void> {
    await this.until(() => this.state === state);
  }

  #take(chunk: Uint8Array, peer: string | undefined): FeedResult {
    this.heard(chunk, peer);
    this.text += Buffer.from(chunk).toString('latin1');
    // The supervisor draws its conclusions first.
    setImmediate(() => this.#events.emit('change'));
    return { frames: this.frames(chunk) };
  }

  #log(): Log {
    const write = (level: string) => (fields: object, phrase: string) => {
      this.lines.push({ level, fields, phrase });
    };
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: () => log,
    };
    return log;
  }
}
