/** The properties of a message that MQTT 5 carries and 3.1.1 leaves out (MQTT 5, section 3.3.2.3). */
export interface MessageProperties {
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
}

/** A message as it came from the broker. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker held it since before we subscribed. */
  readonly retained: boolean;
  readonly properties: MessageProperties;
}

/**
 * Takes a message. The broker gets its PUBACK when the promise resolves and not before, so a message whose handling
 * was cut short comes again. A rejection is a bug and ends the connection's run().
 */
export type MessageHandler = (message: Message) => Promise<void>;

export interface PublishOptions {
  /** Without it, the QoS of the configuration. */
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly properties?: MessageProperties;
}

/** What the broker allows on this connection, from its CONNACK. */
export interface ConnectionLimits {
  readonly version: '5' | '3.1.1';
  /** The broker still had our session, with the messages that came meanwhile. */
  readonly sessionPresent: boolean;
  /** QoS 1 and 2 messages that may wait for their acknowledgement at once. */
  readonly receiveMaximum: number;
  /** Largest MQTT packet in bytes. */
  readonly maximumPacketSize: number;
  /** The keep-alive that holds, in seconds: ours, unless the broker set its own. */
  readonly keepAliveSeconds: number;
}

/** Upper bound of the bytes of a PUBLISH packet (MQTT 5, section 3.3). */
export function publishPacketSize(topic: string, payloadBytes: number, properties: MessageProperties = {}): number {
  const text = (value: string | undefined) => (value === undefined ? 0 : 3 + Buffer.byteLength(value));
  const correlation = properties.correlationData === undefined ? 0 : 3 + properties.correlationData.length;
  const propertyBytes = text(properties.contentType) + text(properties.responseTopic) + correlation;
  // Fixed header 5, topic length 2, packet identifier 2, property length 4.
  return 13 + Buffer.byteLength(topic) + propertyBytes + payloadBytes;
}
