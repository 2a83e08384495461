import { once } from 'node:events';
import { BrokerConnection, type BrokerConnectionOptions } from '../../daemon/broker/index.ts';
import { type MqttConfig, mqttSchema } from '../../daemon/config/mqtt.ts';
import { createLog, type Log } from '../../daemon/log.ts';

export const silent = createLog('silent');

/** A log whose lines can be looked at. */
export function recordingLog(): { log: Log; lines: { level: number; msg: string; [field: string]: unknown }[] } {
  const lines: { level: number; msg: string }[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

/** A configuration with quick reconnects. */
export function mqttConfig(url: string, more: object = {}): MqttConfig {
  return mqttSchema.parse({ url, reconnect: { min: '20ms', max: '100ms' }, connectTimeout: '5s', ...more });
}

/** A connection that runs until it is stopped. */
export class Running {
  readonly connection: BrokerConnection;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(
    config: MqttConfig,
    options: Partial<BrokerConnectionOptions> = {},
    prepare: (connection: BrokerConnection) => void = () => {},
  ) {
    this.connection = new BrokerConnection(config, { clientId: 'test', log: silent, ...options });
    prepare(this.connection);
    this.#ended = this.connection.run(this.#stop.signal);
    this.#ended.catch(() => {});
  }

  /** Starts a connection and waits until it is there. */
  static async connected(...args: ConstructorParameters<typeof Running>): Promise<Running> {
    const running = new Running(...args);
    await Promise.race([once(running.connection, 'connected'), running.ended]);
    return running;
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

/** A queue that can be awaited: what a handler puts in, a test takes out. */
export class Queue<T> {
  readonly items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  put(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.items.push(item);
    else waiting(item);
  }

  async take(): Promise<T> {
    const item = this.items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : item;
  }
}
