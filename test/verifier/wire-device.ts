import { once } from 'node:events';
import { BrokerConnection, deviceTopic, type Message, type MessageProperties } from '../../daemon/broker/index.ts';
import type { MqttConfig } from '../../daemon/config/mqtt.ts';
import { type PublicKey, type Receipt, verifyReceipt } from '../../daemon/proof/index.ts';
import { keptLog } from '../support/kept-log.ts';
import type { Sealed, TestDevice } from './support.ts';

/** A device at the broker: publishes proofs as they are given, keeps the receipts that it could verify. */
export class WireDevice {
  readonly receipts: { receipt: Receipt; message: Message }[] = [];
  readonly #device: TestDevice;
  readonly #prefix: string;
  readonly #connection: BrokerConnection;
  readonly #stop = new AbortController();
  #waiting: (() => void)[] = [];
  #ended: Promise<void> = Promise.resolve();

  constructor(device: TestDevice, verifierKey: PublicKey, config: MqttConfig) {
    this.#device = device;
    this.#prefix = config.prefix;
    this.#connection = new BrokerConnection(config, {
      clientId: `device-${device.id.slice(0, 8)}`,
      sessionExpirySeconds: 3_600,
      log: keptLog(),
    });
    this.#connection.subscribe([deviceTopic(config.prefix, device.id, 'receipt')]);
    this.#connection.onMessage(async (message) => {
      this.receipts.push({ receipt: verifyReceipt(message.payload, verifierKey), message });
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async start(): Promise<void> {
    const connected = once(this.#connection, 'connected');
    this.#ended = this.#connection.run(this.#stop.signal);
    await Promise.race([connected, this.#ended]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async publish({ message }: Pick<Sealed, 'message'>, properties: MessageProperties = {}): Promise<void> {
    if (!this.#connection.connected) await once(this.#connection, 'connected');
    await this.#connection.publish(this.topic('proof'), message, { properties });
  }

  topic(leaf: 'proof' | 'receipt'): string {
    return deviceTopic(this.#prefix, this.#device.id, leaf);
  }

  /** The first receipt for a sequence number from `from` on in what came. */
  async receiptFor(seq: number, from = 0): Promise<{ receipt: Receipt; message: Message }> {
    for (;;) {
      const found = this.receipts.slice(from).find(({ receipt }) => receipt.seq === seq);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
