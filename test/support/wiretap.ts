import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import mqtt, { type IClientOptions } from 'mqtt';

/** What went over the broker, byte for byte. */
export interface Heard {
  readonly leaf: string;
  readonly kid: string;
  readonly payload: Uint8Array;
}

export interface WiretapOptions {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** A client that hears all that devices and verifier say to one another. It comes back when the broker does. */
export class Wiretap extends EventEmitter<{ heard: [Heard] }> {
  readonly #client: mqtt.MqttClient;
  readonly heard: Heard[] = [];

  constructor(client: mqtt.MqttClient) {
    super();
    this.#client = client;
    client.on('message', (topic, payload) => {
      const [leaf = '', kid = ''] = topic.split('/').reverse();
      const heard = { leaf, kid, payload: new Uint8Array(payload) };
      this.heard.push(heard);
      this.emit('heard', heard);
    });
    // A broker that is away is part of the tests.
    client.on('error', () => {});
  }

  static async start(url: string, { username, password, tls }: WiretapOptions = {}): Promise<Wiretap> {
    const options: IClientOptions = {
      reconnectPeriod: 50,
      clientId: `wiretap-${process.pid}-${Math.random()}`,
      protocolVersion: 5,
    };
    if (username !== undefined) options.username = username;
    if (password !== undefined) options.password = password;
    if (tls !== undefined) {
      options.ca = readFileSync(tls.ca);
      options.cert = readFileSync(tls.cert);
      options.key = readFileSync(tls.key);
    }
    const client = mqtt.connect(url, options);
    const tap = new Wiretap(client);
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await client.subscribeAsync('#', { qos: 1 });
    return tap;
  }

  of(leaf: string): Heard[] {
    return this.heard.filter((heard) => heard.leaf === leaf);
  }

  /** Resolves at the `nth` message of a kind from now on. */
  async next(leaf: string, nth = 1): Promise<void> {
    let left = nth;
    await new Promise<void>((resolve) => {
      const count = (heard: Heard) => {
        if (heard.leaf === leaf) left -= 1;
        if (left > 0) return;
        this.off('heard', count);
        resolve();
      };
      this.on('heard', count);
    });
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
