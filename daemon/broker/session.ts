import { connect, type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { Deferred } from './deferred.ts';
import { type Failure, failureOfError, failureOfReasonCode, PublishError } from './failure.ts';
import { Inbox } from './inbox.ts';
import {
  type ConnectionLimits,
  type Message,
  type MessageHandler,
  type MessageProperties,
  type PublishOptions,
  publishPacketSize,
} from './message.ts';
import { Patience } from './patience.ts';
import { Slots } from './slots.ts';

/** A version 3.1.1 broker does not say how many messages may be under way; this many has no broker refused. */
const RECEIVE_MAXIMUM_3_1_1 = 100;
/** What an unlimited packet size comes to: the largest remaining length that MQTT can write. */
const PACKET_SIZE_LIMIT = 268_435_455;
/** How long a farewell may take. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * One MQTT connection, from CONNECT to its end; it is never reused. The library under it is told to hold nothing:
 * every connection has a client of its own, without an offline store.
 */
export class BrokerSession {
  readonly #options: IClientOptions;
  readonly #inbox: Inbox;
  readonly #publishes = new Set<(error: PublishError) => void>();
  readonly #ended = new Deferred<Failure>();
  readonly #patience: Patience;
  #client: MqttClient | undefined;
  #slots = new Slots(1);
  #limits: ConnectionLimits | undefined;
  #failure: Failure | undefined;
  #over = false;

  /** @param acknowledgeTimeoutMs a SUBACK or PUBACK that takes longer ends the connection */
  constructor(
    options: IClientOptions,
    acknowledgeTimeoutMs: number,
    handler: MessageHandler,
    onBug: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#patience = new Patience(acknowledgeTimeoutMs, (ms) => {
      const detail = `no acknowledgement of the oldest message in ${Math.round(ms / 1000)} s`;
      this.abandon({ kind: 'silent', detail });
    });
    this.#inbox = new Inbox(handler, {
      acknowledge: (messageId) => this.#acknowledge(messageId),
      fail: (error) => {
        this.abandon({ kind: 'unreachable', detail: 'a message could not be handled' });
        onBug(error);
      },
    });
  }

  /** Resolves with the reason when the connection has ended. */
  get ended(): Promise<Failure> {
    return this.#ended.promise;
  }

  /** Connects: what the CONNACK allows, or why there is no connection. */
  async open(): Promise<ConnectionLimits | Failure> {
    let client: MqttClient;
    try {
      client = connect(this.#options);
    } catch (error) {
      // A certificate or key that is not PEM is refused before the first byte is sent.
      const failure = failureOfError(error);
      if (failure.kind !== 'tls') throw error;
      return failure;
    }
    this.#client = client;
    // Every message is taken from the library unacknowledged; the inbox sends its PUBACK later. The library's own
    // waiting would stop the reading of PUBACKs and PINGRESPs behind the message.
    client.handleMessage = (packet, done) => this.#receive(packet, () => done(new Error('acknowledged later')));
    return new Promise((resolve) => {
      client.on('connect', (connack) => {
        this.#limits = limitsOf(connack, this.#options, client.keepalive);
        this.#slots = new Slots(this.#limits.receiveMaximum);
        resolve(this.#limits);
      });
      client.on('error', (error) => {
        this.#failure ??= this.#limits === undefined ? failureBeforeConnack(error) : failureOfError(error);
        client.stream.destroy();
      });
      client.on('disconnect', (packet) => {
        this.#failure ??= failureOfReasonCode(packet.reasonCode ?? 0x80);
      });
      client.on('close', () => {
        const failure = this.#end();
        resolve(failure);
      });
    });
  }

  /** Subscribes; resolves with the reason when the broker does not grant every filter. */
  async subscribe(filters: readonly string[]): Promise<Failure | undefined> {
    const client = this.#client;
    if (client === undefined || this.#over || filters.length === 0) return undefined;
    // At QoS 2 a message is the client's alone once its PUBREC is out, so it would not outlive a crash before its
    // handler has ended: QoS 1 is the strongest that can wait for the handler.
    const granted = new Deferred<Failure | undefined>();
    const answered = this.#patience.await(0);
    client.subscribe([...filters], { qos: 1 }, (error, _grants, packet) => {
      answered();
      const code = packet?.granted.map(Number).find((one) => one >= 0x80);
      if (code !== undefined) granted.resolve({ ...failureOfReasonCode(code), kind: 'refused' });
      else granted.resolve(error === null || error === undefined ? undefined : failureOfError(error));
    });
    return granted.promise;
  }

  /**
   * Publishes; resolves when the broker has acknowledged (QoS 1 and 2) or the bytes are written (QoS 0). Waits its turn
   * where the broker's receive maximum is reached.
   *
   * @throws PublishError
   */
  async publish(topic: string, payload: Uint8Array | string, options: PublishOptions & { qos: 0 | 1 | 2 }) {
    const { client, limits } = this.#live();
    const properties = options.properties ?? {};
    const body = typeof payload === 'string' ? Buffer.from(payload) : asBuffer(payload);
    const bytes = publishPacketSize(topic, body.length, properties);
    if (bytes > limits.maximumPacketSize) {
      const detail = `a packet of up to ${bytes} bytes, where the broker takes ${limits.maximumPacketSize}`;
      throw new PublishError('too-large', detail);
    }
    const slots = this.#slots;
    if (options.qos > 0) await slots.take();
    try {
      await this.#send(client, topic, body, options, properties, bytes);
    } finally {
      if (options.qos > 0) slots.release();
    }
  }

  #send(
    client: MqttClient,
    topic: string,
    body: Buffer,
    options: PublishOptions & { qos: 0 | 1 | 2 },
    properties: MessageProperties,
    bytes: number,
  ): Promise<void> {
    this.#live();
    const answered = options.qos > 0 ? this.#patience.await(bytes) : () => {};
    return new Promise((resolve, reject) => {
      this.#publishes.add(reject);
      const packet = { qos: options.qos, retain: options.retain ?? false };
      const done = (error?: Error | null) => {
        this.#publishes.delete(reject);
        answered();
        if (error === null || error === undefined) resolve();
        else reject(new PublishError('refused', failureOfError(error).detail));
      };
      if (this.#limits?.version === '5') {
        client.publish(topic, body, { ...packet, properties: mqttProperties(properties) }, done);
      } else {
        client.publish(topic, body, packet, done);
      }
    });
  }

  /** Lets running handlers end and their acknowledgements go out, then says DISCONNECT. */
  async close(): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#over) return;
    await Promise.race([this.#inbox.settled(), this.#ended.promise, delay(CLOSE_TIMEOUT_MS)]);
    if (this.#limits === undefined) client.stream.destroy();
    // A client that still waits for acknowledgements would put off its DISCONNECT until they come.
    else client.end(Object.keys(client.outgoing).length > 0);
    await Promise.race([this.#ended.promise, delay(CLOSE_TIMEOUT_MS)]);
    client.stream.destroy();
  }

  /** Breaks the connection off for a reason of ours. */
  abandon(failure: Failure): void {
    this.#failure ??= failure;
    this.#client?.stream.destroy();
  }

  #live(): { client: MqttClient; limits: ConnectionLimits } {
    if (this.#client === undefined || this.#limits === undefined || this.#over) throw disconnected();
    return { client: this.#client, limits: this.#limits };
  }

  #receive(packet: IPublishPacket, next: () => void): void {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const message: Message = {
      topic: packet.topic,
      payload: new Uint8Array(payload.buffer, payload.byteOffset, payload.length),
      retained: packet.retain,
      properties: packet.properties === undefined ? {} : ownProperties(packet.properties),
    };
    this.#inbox.push(message, packet.qos === 1 ? packet.messageId : undefined, next);
  }

  /** PUBACK with success has the same four bytes in MQTT 3.1.1 (section 3.4) and 5 (section 3.4.2.1). */
  #acknowledge(messageId: number): void {
    if (this.#over) return;
    this.#client?.stream.write(Buffer.from([0x40, 0x02, messageId >> 8, messageId & 0xff]));
  }

  #end(): Failure {
    const failure =
      this.#failure ??
      (this.#limits === undefined
        ? { kind: 'mute' as const, detail: 'it closed the connection without an answer' }
        : { kind: 'unreachable' as const, detail: 'it closed the connection' });
    this.#over = true;
    this.#patience.close();
    this.#slots.close(disconnected());
    for (const reject of this.#publishes) reject(disconnected());
    this.#publishes.clear();
    this.#ended.resolve(failure);
    return failure;
  }
}

/** A broker that answers a version 5 CONNECT with what is no version 5 CONNACK speaks another version. */
function failureBeforeConnack(error: unknown): Failure {
  const failure = failureOfError(error);
  if (!(error instanceof Error)) return failure;
  const reset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  const malformed = !('code' in error) && !/timeout/i.test(error.message);
  return reset || malformed
    ? { kind: 'mute', detail: `it answered with no valid CONNACK: ${failure.detail}` }
    : failure;
}

function limitsOf(connack: IConnackPacket, options: IClientOptions, keepAliveSeconds: number): ConnectionLimits {
  const version = options.protocolVersion === 5 ? '5' : '3.1.1';
  const unsaid = version === '5' ? 65_535 : RECEIVE_MAXIMUM_3_1_1;
  return {
    version,
    sessionPresent: connack.sessionPresent,
    receiveMaximum: connack.properties?.receiveMaximum ?? unsaid,
    maximumPacketSize: connack.properties?.maximumPacketSize ?? PACKET_SIZE_LIMIT,
    keepAliveSeconds,
  };
}

function mqttProperties(properties: MessageProperties) {
  const { contentType, responseTopic, correlationData } = properties;
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: asBuffer(correlationData) }),
  };
}

function ownProperties(properties: NonNullable<IPublishPacket['properties']>): MessageProperties {
  const { contentType, responseTopic, correlationData } = properties;
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: new Uint8Array(correlationData) }),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const disconnected = (): PublishError => new PublishError('disconnected', 'there is no connection to the broker');

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
