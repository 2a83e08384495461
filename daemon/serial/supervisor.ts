import { pause } from '../abort.ts';
import { Backoff } from '../backoff.ts';
import type { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { BaudSearch } from './baud-search.ts';
import { ByteBudget } from './byte-budget.ts';
import type { PortMatch } from './find-port.ts';
import { portError } from './open-error.ts';
import { Outlet } from './outlet.ts';
import { transportFor } from './port-path.ts';
import { Session, type SessionEnd } from './session.ts';
import {
  emptyStats,
  type PortState,
  type PortStats,
  type PortTotals,
  type ReopenCause,
  stateOfRefusal,
} from './state.ts';
import { DEFAULT_TIMING, type PortTiming } from './timing.ts';
import type { Connection, Transport } from './transport.ts';

export interface PortOptions {
  /** The name that readings of this port carry. */
  readonly source: string;
  /** As transportFor() takes it. */
  readonly path: string;
  /** Tried in this order until valid frames come; at least one. */
  readonly baudRates: readonly number[];
  readonly match?: PortMatch;
  /** Without a valid frame for so long, the port counts as stalled or garbled. */
  readonly silenceMs: number;
  readonly timing?: Partial<PortTiming>;
  /** Replaces the transport that `path` names. */
  readonly transport?: Transport;
  /** The gateway's clock, ms since the Unix epoch. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What a decoder made of a chunk. */
export interface FeedResult {
  /** How many valid frames the chunk completed. */
  readonly frames: number;
}

export interface PortHooks {
  /**
   * Bytes in the order of the wire, arrived at `t` (ms since the Unix epoch); on a datagram port one datagram, and who sent
   * it. The chunk is the receiver's to keep.
   */
  onBytes(chunk: Uint8Array, t: number, peer?: string): FeedResult;
  /** No byte for a while, or the line has ended: what waits for more may be closed. */
  onQuiet(t: number): void;
  /** The line is open (again), or open at another baud rate: a device is set up and asked from here on. */
  onOpen?(t: number): void;
  /** Time goes by, while the line is open. */
  onTick?(t: number): void;
  /** `error` says why a port cannot be opened. */
  onState?(state: PortState, error?: FieldsealError): void;
  /** So many bytes were dropped, for the loss record. */
  onOverflow?(bytes: number, t: number): void;
  readonly log: Log;
}

/** So many fruitless rounds at most before a port is opened anew: opening costs bytes, and some boards a reset. */
const MAX_PATIENCE = 32;

/** Keeps one port open and read, through unplugging, stalls, wrong baud rates and other programs' locks. */
export class PortSupervisor {
  readonly #options: PortOptions;
  readonly #timing: PortTiming;
  readonly #hooks: PortHooks;
  readonly #log: Log;
  readonly #baud: BaudSearch;
  readonly #backoff: Backoff;
  readonly #budget: ByteBudget;
  readonly #now: () => number;
  readonly #stats: PortTotals;
  readonly #outlet = new Outlet();
  #connection: Connection | undefined;
  #wasOpen = false;
  #patience = 1;
  #turnedAt: number | undefined;

  constructor(options: PortOptions, hooks: PortHooks) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#hooks = hooks;
    this.#log = hooks.log.child({ room: 'serial', source: options.source });
    this.#baud = new BaudSearch(options.baudRates);
    this.#backoff = new Backoff(
      { minMs: this.#timing.backoffMinMs, maxMs: this.#timing.backoffMaxMs, floor: 0.5 },
      options.random,
    );
    this.#budget = new ByteBudget(this.#timing.maxBytesPerSecond);
    this.#now = options.now ?? Date.now;
    this.#stats = emptyStats();
  }

  get source(): string {
    return this.#options.source;
  }

  /** How the port is now, and running totals that only grow. */
  get stats(): Readonly<PortStats> {
    const { sent, failures } = this.#outlet;
    return { ...this.#stats, baudRate: this.#baud.current, sent, sendFailures: failures };
  }

  /**
   * When it last tried the port, waited for it or had it open, by performance.now(): further back than the longest wait, and it
   * hangs in a system call. Undefined while it doesn't run.
   */
  get turnedAt(): number | undefined {
    return this.#turnedAt;
  }

  /**
   * Supervises the port until `signal` aborts; a port that cannot be opened is tried again for ever. A recording ends it
   * as well, when it has been played.
   *
   * @throws FieldsealError CONFIG_INVALID for a path that names no transport; nothing for what happens to a port
   */
  async run(signal: AbortSignal): Promise<void> {
    const { path, match } = this.#options;
    const transport = this.#options.transport ?? transportFor(path, match, this.#timing.connectTimeoutMs);
    while (!signal.aborted) {
      this.#turnedAt = performance.now();
      const connection = await this.#open(transport);
      if (connection === undefined) {
        await this.#pause(this.#backoff.next(), transport, signal);
        continue;
      }
      const { end, frames } = await this.#serve(connection, transport, signal);
      if (end === 'ended' || end === 'aborted') break;
      this.#stats.reopens[end] += 1;
      await this.#recover(end, frames, signal);
    }
    this.#turnedAt = undefined;
    this.#setState('closed');
  }

  /**
   * Sends bytes to the device.
   *
   * @throws FieldsealError PORT_FAILED where the port is not open, or doesn't take them
   */
  async write(bytes: Uint8Array, peer?: string): Promise<void> {
    if (this.#connection === undefined) throw portError(this.#options.path, new Error('not open now'));
    await this.#connection.write(bytes, peer);
  }

  /** Sends bytes to the device after those sent before, without waiting: what does not go out is counted. */
  send(bytes: Uint8Array, peer?: string): void {
    this.#outlet.send(this.#connection, bytes, peer);
  }

  async #open(transport: Transport): Promise<Connection | undefined> {
    if (this.#stats.state === 'closed') this.#setState('opening');
    try {
      const connection = await transport.open(this.#baud.current);
      this.#stats.opens += 1;
      this.#wasOpen = true;
      if (!this.#isTroubled()) this.#setState('opening');
      return connection;
    } catch (cause) {
      const error = portError(this.#options.path, cause);
      const state = stateOfRefusal(error.code);
      this.#stats.refusals[state] += 1;
      // Where it has been open before, its absence means that it was unplugged: that was said when it happened.
      this.#setState(state === 'missing' && this.#wasOpen ? 'unplugged' : state, error);
      // The binding says so of a rate that a driver doesn't know.
      if (/baud rate/i.test(error.message)) this.#baud.advance();
      return undefined;
    }
  }

  async #serve(
    connection: Connection,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<{ end: SessionEnd; frames: number }> {
    this.#connection = connection;
    const session = new Session(
      connection,
      this.#baud,
      {
        ...this.#timing,
        silenceMs: this.#options.silenceMs,
        patience: transport.outlastsSilence ? Infinity : this.#patience,
      },
      {
        feed: (chunk, peer) => this.#feed(chunk, peer, transport.canWait),
        quiet: () => this.#hooks.onQuiet(this.#now()),
        opened: () => this.#hooks.onOpen?.(this.#now()),
        tick: () => {
          this.#turnedAt = performance.now();
          this.#hooks.onTick?.(this.#now());
        },
        running: () => this.#setState('running'),
        trouble: (trouble) => this.#setState(trouble),
      },
      transport.hasBaudRate,
    );
    const end = await session.run(signal);
    this.#connection = undefined;
    await connection.close();
    this.#hooks.onQuiet(this.#now());
    return { end, frames: session.frames };
  }

  async #recover(cause: ReopenCause, frames: number, signal: AbortSignal): Promise<void> {
    if (frames > 0) {
      this.#backoff.reset();
      this.#patience = 1;
    }
    if (cause === 'stalled' || cause === 'garbled') {
      this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2);
      return;
    }
    // After a failure it may be the rate that is at fault: going back to the first would never come to the next.
    if (cause !== 'failed') this.#baud.rewind();
    this.#setState('unplugged');
    // A device that comes and goes without ever making sense is not worth a busy loop.
    await pause(frames > 0 ? this.#timing.settleMs : this.#backoff.next(), signal);
  }

  #feed(chunk: Uint8Array, peer: string | undefined, canWait: boolean): number {
    const t = this.#now();
    const room = canWait ? chunk.length : this.#budget.take(chunk.length, performance.now());
    // Half a datagram is of no use.
    const granted = peer !== undefined && room < chunk.length ? 0 : room;
    this.#stats.bytes += chunk.length;
    if (granted < chunk.length) {
      this.#stats.overflow += chunk.length - granted;
      this.#hooks.onOverflow?.(chunk.length - granted, t);
    }
    if (granted === 0) return 0;
    const { frames } = this.#hooks.onBytes(granted === chunk.length ? chunk : chunk.subarray(0, granted), t, peer);
    this.#stats.frames += frames;
    return frames;
  }

  /** Waits for `ms`, or until the transport says that something has changed. */
  async #pause(ms: number, transport: Transport, signal: AbortSignal): Promise<void> {
    const either = new AbortController();
    const stop = (): void => either.abort();
    signal.addEventListener('abort', stop);
    const timer = setTimeout(stop, ms);
    if (signal.aborted) stop();
    await transport.changed(either.signal);
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // udev sets a new node up in several steps: to be too quick only means to be refused again.
    if (!either.signal.aborted) await pause(this.#timing.settleMs, signal);
  }

  /** A port that is opened anew for lack of frames stays in its trouble until a frame comes. */
  #isTroubled(): boolean {
    return this.#stats.state === 'stalled' || this.#stats.state === 'garbled';
  }

  /** A state is told once, however often the port is tried in it. */
  #setState(state: PortState, error?: FieldsealError): void {
    if (state === this.#stats.state) return;
    const before = this.#stats.state;
    this.#stats.state = state;
    this.#tell(state, before, error);
    this.#hooks.onState?.(state, error);
  }

  #tell(state: PortState, before: PortState, error: FieldsealError | undefined): void {
    const log = this.#log;
    const { path } = this.#options;
    if (error !== undefined) {
      log.warn({ state, path, code: error.code, error: error.toLine() }, 'port cannot be opened; still trying');
    } else if (state === 'running') {
      log.info({ path, baudRate: this.#baud.current, before }, 'port is read');
    } else if (state === 'unplugged') {
      log.warn({ path }, 'port was unplugged');
    } else if (state === 'stalled' || state === 'garbled') {
      const { bytes, frames } = this.#stats;
      log.warn({ state, path, silenceMs: this.#options.silenceMs, bytes, frames }, 'no valid messages from the port');
    } else {
      log.debug({ state, path }, 'port state');
    }
  }
}
