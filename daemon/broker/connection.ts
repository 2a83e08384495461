import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import type { MqttConfig } from '../config/mqtt.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Deferred } from './deferred.ts';
import { brokerError, type Failure, PublishError } from './failure.ts';
import { FailureLog } from './failure-log.ts';
import type { ConnectionLimits, MessageHandler, PublishOptions } from './message.ts';
import { clientOptions, type StatusMessages } from './options.ts';
import { ACKNOWLEDGE_TIMEOUT_MS } from './patience.ts';
import { BrokerSession } from './session.ts';

export interface BrokerConnectionOptions {
  /** The client id where the configuration names none. The broker knows the session by it. */
  readonly clientId: string;
  /** How long the broker keeps our subscriptions and messages while we are away, in seconds; 0 for a clean session. */
  readonly sessionExpirySeconds?: number;
  /** Retained words about ourselves; `offline` is the last will too. */
  readonly status?: StatusMessages;
  /** How many QoS 1 messages the broker may have under way to us (MQTT 5). */
  readonly receiveMaximum?: number;
  /** A broker that leaves a message unacknowledged for so long is connected to anew; a minute. */
  readonly acknowledgeTimeoutMs?: number;
  readonly log: Log;
  /** For the jitter. */
  readonly random?: () => number;
}

interface BrokerEvents {
  /** Connected, and every subscription granted. */
  connected: [limits: ConnectionLimits];
  /** The connection ended, with the reason. */
  disconnected: [reason: string];
  /** An attempt failed; repeats of the same failure are told as well. */
  failed: [error: FieldsealError];
}

/** Counters since the start; they only grow. */
export interface BrokerStats {
  connects: number;
  /** Failed attempts and broken connections. */
  failures: number;
  /** Connections that we ended since the broker left a message unacknowledged. */
  silences: number;
  messagesReceived: number;
  messagesPublished: number;
}

const DEFAULT_RECEIVE_MAXIMUM = 64;
/** How long the farewell status may take before the connection is closed all the same; the last will says it then. */
const FAREWELL_TIMEOUT_MS = 2_000;

/**
 * A connection to the broker that comes back by itself: MQTT 5, or 3.1.1 where the broker doesn't speak 5. A broker
 * that refuses or cannot be reached is one line in the log however often it does so, and is tried again with jittered,
 * doubling waits.
 *
 * It keeps no message: `publish` fails while there is no connection, and whoever publishes sends again.
 */
export class BrokerConnection extends EventEmitter<BrokerEvents> {
  readonly stats: BrokerStats = { connects: 0, failures: 0, silences: 0, messagesReceived: 0, messagesPublished: 0 };
  readonly #config: MqttConfig;
  readonly #options: BrokerConnectionOptions;
  readonly #log: Log;
  readonly #failureLog: FailureLog;
  readonly #backoff: Backoff;
  readonly #filters = new Set<string>();
  #handler: MessageHandler | undefined;
  /** What a message handler threw. */
  #bug: { error: unknown } | undefined;
  #endPause: () => void = () => {};
  #session: BrokerSession | undefined;
  #limits: ConnectionLimits | undefined;
  #version: '5' | '3.1.1';
  /** We know which version this broker speaks: it took 5, or said outright which one it doesn't take. */
  #versionIsSettled = false;
  /** How many of the filters the present session has asked for. */
  #asked = 0;

  constructor(config: MqttConfig, options: BrokerConnectionOptions) {
    super();
    this.#config = config;
    this.#options = options;
    this.#log = options.log.child({ room: 'broker' });
    this.#failureLog = new FailureLog(this.#log);
    this.#backoff = new Backoff({ minMs: config.reconnect.min, maxMs: config.reconnect.max }, options.random);
    this.#version = config.version === '3.1.1' ? '3.1.1' : '5';
  }

  /** What the broker allows while there is a connection; undefined while there is none. */
  get limits(): ConnectionLimits | undefined {
    return this.#limits;
  }

  get connected(): boolean {
    return this.#limits !== undefined;
  }

  /** Sets who takes the messages. There is one taker, set before the first connection is there. */
  onMessage(handler: MessageHandler): void {
    if (this.#handler !== undefined) throw new Error('a broker connection has one message handler');
    this.#handler = handler;
  }

  /** Adds topic filters. They are subscribed to now and at each connection to come, at QoS 1. */
  subscribe(filters: readonly string[]): void {
    for (const filter of filters) this.#filters.add(filter);
    const session = this.#session;
    if (session !== undefined) void this.#subscribeOrAbandon(session);
  }

  /**
   * Publishes a message now. Resolves when the broker has acknowledged it, or at QoS 0 when it is written. A message
   * handler had better not wait for that: with a few hundred handlers waiting, nothing more is read from the broker,
   * acknowledgements included.
   *
   * @throws PublishError of reason "disconnected", "refused" or "too-large"
   */
  async publish(topic: string, payload: Uint8Array | string, options: PublishOptions = {}): Promise<void> {
    const session = this.#limits === undefined ? undefined : this.#session;
    if (session === undefined) throw new PublishError('disconnected', 'there is no connection to the broker');
    await session.publish(topic, payload, { ...options, qos: options.qos ?? this.#config.qos });
    this.stats.messagesPublished += 1;
  }

  /**
   * Connects, and again whenever the connection ends, until the signal. Then publishes the offline status and
   * disconnects in good order.
   *
   * @throws FieldsealError where the configuration can't serve at the very first attempt (a password or certificate
   * file that is not there); whatever a message handler threw.
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const outcome = await this.#attempt(signal, attempt === 0);
      if (outcome === 'wait' && this.#bug === undefined) await this.#pause(this.#backoff.next(), signal);
      if (this.#bug !== undefined) throw this.#bug.error;
    }
  }

  /** Until the time is over, the signal comes, or a handler of an earlier session fails. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#endPause = end;
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });
  }

  /** One connection from its beginning to its end. `again` asks for the next attempt without a wait. */
  async #attempt(signal: AbortSignal, first: boolean): Promise<'wait' | 'again'> {
    const options = await this.#clientOptions(first);
    if (options === undefined || signal.aborted) return 'wait';
    const session = new BrokerSession(
      options,
      this.#options.acknowledgeTimeoutMs ?? ACKNOWLEDGE_TIMEOUT_MS,
      (message) => this.#take(message),
      (error) => {
        this.#bug ??= { error };
        this.#endPause();
      },
    );
    try {
      const opened = await this.#connect(session, signal);
      if (signal.aborted || this.#bug !== undefined) return 'wait';
      if ('kind' in opened) return this.#failedToConnect(opened);
      await this.#stayConnected(session, opened, signal);
      return 'wait';
    } finally {
      session.abandon(SHUT_DOWN);
    }
  }

  async #connect(session: BrokerSession, signal: AbortSignal): Promise<ConnectionLimits | Failure> {
    const onAbort = () => session.abandon(SHUT_DOWN);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const opened = await session.open();
      if ('kind' in opened) return opened;
      this.#asked = 0;
      const subscribed = this.#subscribe(session);
      return (await Promise.race([session.ended, subscribed])) ?? opened;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Asks for the filters that this session has not asked for yet. */
  async #subscribe(session: BrokerSession): Promise<Failure | undefined> {
    while (this.#asked < this.#filters.size) {
      const filters = [...this.#filters].slice(this.#asked);
      this.#asked += filters.length;
      const failure = await session.subscribe(filters);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  async #subscribeOrAbandon(session: BrokerSession): Promise<void> {
    const failure = await this.#subscribe(session);
    if (failure !== undefined) session.abandon(failure);
  }

  async #clientOptions(first: boolean) {
    try {
      return await clientOptions(
        this.#config,
        {
          clientId: this.#config.clientId ?? this.#options.clientId,
          sessionExpirySeconds: this.#options.sessionExpirySeconds ?? 0,
          receiveMaximum: this.#options.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM,
          status: this.#options.status,
        },
        this.#version,
      );
    } catch (error) {
      // At the start a missing file is the operator's mistake; later it may be a renewal under way.
      if (first || !(error instanceof FieldsealError)) throw error;
      this.#report(error);
      return undefined;
    }
  }

  async #stayConnected(session: BrokerSession, limits: ConnectionLimits, signal: AbortSignal): Promise<void> {
    const since = Date.now();
    this.#session = session;
    this.#limits = limits;
    this.#versionIsSettled ||= limits.version === '5';
    this.stats.connects += 1;
    this.#log.info(
      { url: this.#config.url, version: limits.version, failedAttempts: this.#failureLog.attempts },
      'broker connected',
    );
    this.#failureLog.succeeded();
    void this.#subscribeOrAbandon(session);
    void this.#tellStatus(session, 'online');
    this.emit('connected', limits);
    const stop = new Deferred<'stop'>();
    const onAbort = () => stop.resolve('stop');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const end = await Promise.race([session.ended, stop.promise]);
      if (end === 'stop') await this.#sayGoodbye(session);
      else this.#lost(end, Date.now() - since);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#limits = undefined;
      this.#session = undefined;
    }
    this.emit('disconnected', signal.aborted ? 'shut down' : 'lost');
  }

  async #sayGoodbye(session: BrokerSession): Promise<void> {
    await Promise.race([this.#tellStatus(session, 'offline'), wait(FAREWELL_TIMEOUT_MS, undefined, { ref: false })]);
    await session.close();
  }

  async #tellStatus(session: BrokerSession, state: 'online' | 'offline'): Promise<void> {
    const { status } = this.#options;
    if (status === undefined) return;
    try {
      await session.publish(status.topic, status[state], { qos: 1, retain: true });
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      // That the connection broke is told by whoever waits for its end.
      if (error.reason !== 'disconnected') {
        this.#log.warn({ topic: status.topic, reason: error.message }, 'broker does not take the status');
      }
    }
  }

  /**
   * A connection that ended as soon as it was there doesn't reset the waits: a broker may be throwing us out. Nor does
   * one that came to nothing: each costs a window of messages anew.
   */
  #lost(failure: Failure, lastedMs: number): void {
    if (failure.kind !== 'silent' && lastedMs >= this.#backoff.ceilingMs) this.#backoff.reset();
    // What fell back on a mere guess tries the better version again: the broker may just have been restarting.
    if (!this.#versionIsSettled && this.#config.version === 'auto') this.#version = '5';
    this.#failed(failure);
  }

  #failedToConnect(failure: Failure): 'wait' | 'again' {
    const refused5 = this.#version === '5';
    const guess = failure.kind === 'mute' && !this.#versionIsSettled;
    if (this.#config.version === 'auto' && (failure.kind === 'version' || guess)) {
      this.#version = refused5 ? '3.1.1' : '5';
      this.#versionIsSettled ||= failure.kind === 'version';
      if (refused5) {
        this.#log.debug({ url: this.#config.url, reason: failure.detail }, 'broker refused MQTT 5, trying 3.1.1');
        return 'again';
      }
    }
    this.#failed(failure);
    return 'wait';
  }

  #failed(failure: Failure): void {
    if (failure.kind === 'silent') this.stats.silences += 1;
    this.#report(brokerError(failure, this.#config.url));
  }

  #report(error: FieldsealError): void {
    this.stats.failures += 1;
    this.#failureLog.failed(error);
    this.emit('failed', error);
  }

  async #take(message: Parameters<MessageHandler>[0]): Promise<void> {
    this.stats.messagesReceived += 1;
    if (this.#handler === undefined) throw new Error('a message came before anyone was there to take it');
    await this.#handler(message);
  }
}

const SHUT_DOWN: Failure = { kind: 'unreachable', detail: 'shut down' };
