import { EventEmitter } from 'node:events';
import {
  type BrokerConnection,
  deviceTopic,
  type Message,
  type MessageProperties,
  PublishError,
} from '../broker/index.ts';
import type { MqttConfig } from '../config/mqtt.ts';
import type { UplinkConfig } from '../config/schema.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Outbox, OutboxEntry } from '../outbox/index.ts';
import {
  type BeaconOrder,
  type Challenge,
  kidToText,
  PROOF_TYPE,
  ProofError,
  type PublicKey,
  type Reason,
  type Receipt,
  thumbprint,
  type Verdict,
  verifyProof,
} from '../proof/index.ts';
import { readAnswer } from './answers.ts';
import { type Departure, Flights } from './flights.ts';

/** The nonce that the next proof carries. */
export interface Nonce {
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  /** When it lapses, ms since the Unix epoch by the verifier's clock. */
  readonly expiry: number;
}

/** What the uplink needs of a connection. */
export interface Line extends Pick<BrokerConnection, 'connected' | 'limits' | 'onMessage' | 'subscribe' | 'publish'> {
  on(event: 'connected', listener: () => void): unknown;
  off(event: 'connected', listener: () => void): unknown;
}

export interface UplinkParts {
  readonly connection: Line;
  readonly outbox: Outbox;
  /** Pinned: receipts and challenges by any other key count for nothing. */
  readonly verifierKey: PublicKey;
  /** Our own key: what the verifier calls broken is held against it before it is believed. */
  readonly publicKey: PublicKey;
  readonly log: Log;
  /** A verified receipt has been carried out. */
  readonly onReceipt?: (receipt: Receipt, outcome: 'dropped' | 'quarantined' | 'unknown') => void;
  /** A nonce came, by a receipt or a challenge, that lapses later than the ones before. */
  readonly onNonce?: (nonce: Nonce) => void;
  /** The verifier asks for a radio packet. Each challenge asks once, however often it comes. */
  readonly onBeacon?: (beacon: BeaconOrder) => void;
  /** A proof is on its way, for the `times`-th time. */
  readonly onPublish?: (entry: OutboxEntry, times: number) => void;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** Counters since the start; they only grow. */
export interface UplinkStats {
  published: number;
  /** Published again: after a broken connection, or without a receipt in time. */
  republished: number;
  acknowledged: number;
  /** The broker answered that it won't have it. */
  refused: number;
  /** Larger than the broker takes; once a connection. */
  oversize: number;
  readonly receipts: Record<Verdict, number>;
  /** Receipts for proofs that don't wait here: most come twice, after a repeated proof. */
  unknownReceipts: number;
  /** Rejections of a copy that was broken on the way: ours is sound, and stays. */
  mangled: number;
  challenges: number;
  /** Receipts and challenges that don't count, by reason. */
  readonly badAnswers: Record<string, number>;
}

interface UplinkEvents {
  /** A proof went out or came to the broker, or a receipt was carried out; the counters say which. */
  progress: [];
}

/** What a verifier says of bytes that are not those that were signed. */
const OF_THE_BYTES: ReadonlySet<Reason> = new Set(['signature', 'high-s', 'algorithm', 'block', 'root']);

/** How many proofs may wait for a receipt, for each that may wait for the broker. */
const AWAITING_PER_WINDOW = 10;

/**
 * Publishes the outbox, oldest proof first, and carries out the verifier's receipts. The outbox is the only queue: a
 * proof is read from the disk when it is published, and stays there until its receipt comes.
 */
export class Uplink extends EventEmitter<UplinkEvents> {
  readonly stats: UplinkStats = {
    published: 0,
    republished: 0,
    acknowledged: 0,
    refused: 0,
    oversize: 0,
    receipts: { accepted: 0, flagged: 0, rejected: 0, duplicate: 0 },
    unknownReceipts: 0,
    mangled: 0,
    challenges: 0,
    badAnswers: {},
  };
  readonly #parts: UplinkParts;
  readonly #log: Log;
  readonly #kid: string;
  readonly #prefix: string;
  readonly #flights: Flights;
  /** Digests that this connection can't carry. */
  readonly #oversize = new Set<string>();
  #nonceExpiry = -1;
  #beaconExpiry = -1;
  #refusal: string | undefined;
  #wake: () => void = () => {};
  #awake = false;
  #bug: { error: unknown } | undefined;

  constructor(config: UplinkConfig, mqtt: MqttConfig, parts: UplinkParts) {
    super();
    this.#parts = parts;
    this.#log = parts.log.child({ room: 'uplink' });
    this.#kid = kidToText(thumbprint(parts.publicKey));
    this.#prefix = mqtt.prefix;
    const limits = {
      window: config.window,
      awaiting: config.window * AWAITING_PER_WINDOW,
      receiptTimeoutMs: config.receiptTimeout,
      freshFirst: config.freshFirst,
    };
    this.#flights = new Flights(limits, parts.now ?? (() => performance.now()));
  }

  /** Proofs that the broker has not acknowledged. */
  get inFlight(): number {
    return this.#flights.inFlight;
  }

  /** Proofs that were published and have no receipt. */
  get awaitingReceipt(): number {
    return this.#flights.awaitingReceipt;
  }

  /**
   * Works until the signal. The connection is run by whoever made it; call both in the same tick, so that no message
   * comes before there is someone to take it.
   *
   * @throws FieldsealError OUTBOX_UNUSABLE
   */
  async run(signal: AbortSignal): Promise<void> {
    const { connection, outbox } = this.#parts;
    const wake = () => this.#rouse();
    const onConnected = () => {
      this.#oversize.clear();
      this.#flights.connected(connection.limits?.receiveMaximum ?? 1, outbox.counter);
      wake();
    };
    connection.onMessage((message) => this.#take(message));
    connection.subscribe([this.#topic('receipt'), this.#topic('challenge')]);
    connection.on('connected', onConnected);
    outbox.on('changed', wake);
    signal.addEventListener('abort', wake);
    try {
      if (connection.connected) onConnected();
      while (!signal.aborted) {
        await this.#publishWhatMay(signal);
        await this.#sleep(signal);
        if (this.#bug !== undefined) throw this.#bug.error;
      }
    } finally {
      connection.off('connected', onConnected);
      outbox.off('changed', wake);
      signal.removeEventListener('abort', wake);
    }
  }

  async #publishWhatMay(signal: AbortSignal): Promise<void> {
    const { connection, outbox } = this.#parts;
    while (connection.connected && !signal.aborted) {
      this.#flights.keep((entry) => outbox.has(entry));
      const departure = this.#flights.next(outbox, this.#oversize);
      if (departure === undefined) return;
      const message = await outbox.read(departure.entry);
      if (message === undefined || signal.aborted) continue;
      void this.#publish(departure, message)
        .catch((error: unknown) => {
          this.#bug ??= { error };
        })
        .finally(() => {
          this.emit('progress');
          this.#rouse();
        });
    }
  }

  async #publish(departure: Departure, message: Uint8Array): Promise<void> {
    const { entry } = departure;
    const before = this.#flights.departs(departure);
    if (before === 0) this.stats.published += 1;
    else this.stats.republished += 1;
    this.#parts.onPublish?.(entry, before + 1);
    try {
      await this.#parts.connection.publish(this.#topic('proof'), message, { properties: this.#properties(entry) });
      this.stats.acknowledged += 1;
      this.#refusal = undefined;
      this.#flights.acknowledged(entry);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      this.#failed(entry, error);
    }
  }

  #failed(entry: OutboxEntry, error: PublishError): void {
    switch (error.reason) {
      case 'disconnected':
        this.#flights.broke(entry);
        return;
      case 'too-large':
        this.#flights.returns(entry);
        if (this.#oversize.size === 0) this.#complain('BROKER_PACKET_LIMIT', error.message);
        this.#oversize.add(entry.digest);
        this.stats.oversize += 1;
        return;
      case 'refused':
        // As good as acknowledged without a receipt: it is tried again after the same time.
        this.#flights.acknowledged(entry);
        this.stats.refused += 1;
        if (this.#refusal !== error.message) this.#complain('BROKER_REFUSED', error.message);
        this.#refusal = error.message;
    }
  }

  #complain(code: 'BROKER_PACKET_LIMIT' | 'BROKER_REFUSED', detail: string): void {
    this.#log.error(new FieldsealError(code, { detail, place: 'mqtt' }).toFields(), 'the broker does not take a proof');
  }

  async #take(message: Message): Promise<void> {
    const { verifierKey } = this.#parts;
    const answer = readAnswer(message, { prefix: this.#prefix, kid: this.#kid, verifierKey });
    switch (answer.type) {
      case 'receipt':
        await this.#carryOut(answer.receipt);
        return;
      case 'challenge':
        this.#accept(answer.challenge);
        return;
      case 'bad':
        this.stats.badAnswers[answer.reason] = (this.stats.badAnswers[answer.reason] ?? 0) + 1;
        this.#log.debug({ leaf: answer.leaf, reason: answer.reason }, 'message passed over');
        return;
      case 'foreign':
        return;
    }
  }

  async #carryOut(receipt: Receipt): Promise<void> {
    this.#flights.receiptCame();
    if (await this.#isOfMangledCopy(receipt)) {
      this.stats.mangled += 1;
      return;
    }
    const outcome = await this.#parts.outbox.settle(receipt);
    this.#flights.arrived(Buffer.from(receipt.digest).toString('hex'));
    if (outcome === 'unknown') this.stats.unknownReceipts += 1;
    else this.stats.receipts[receipt.verdict] += 1;
    this.#offer({ nonce: receipt.nonce, expiry: receipt.nonceExpiry });
    this.#parts.onReceipt?.(receipt, outcome);
    this.emit('progress');
    this.#rouse();
  }

  /**
   * Whether the verifier rejected a copy that was broken on the way. The digest covers neither the signature's bytes nor
   * the readings block, so whoever can publish on our topic could have a sound proof put away. Ours is held against our
   * own key first; a sound one stays, and goes out again.
   */
  async #isOfMangledCopy({ verdict, reasons, digest }: Receipt): Promise<boolean> {
    if (verdict !== 'rejected' || !reasons.some((reason) => OF_THE_BYTES.has(reason))) return false;
    const entry = this.#parts.outbox.find(digest);
    const message = entry === undefined ? undefined : await this.#parts.outbox.read(entry);
    if (message === undefined) return false;
    try {
      verifyProof(message, this.#parts.publicKey);
      return true;
    } catch (error) {
      if (error instanceof ProofError) return false;
      throw error;
    }
  }

  #accept(challenge: Challenge): void {
    this.stats.challenges += 1;
    const { beacon, expiry } = challenge;
    // Expiries rise: a challenge that comes again, or an old one that somebody kept, asks for nothing.
    const isNew = expiry > this.#beaconExpiry;
    this.#offer(challenge);
    if (beacon === undefined || !isNew) return;
    this.#beaconExpiry = expiry;
    this.#parts.onBeacon?.(beacon);
  }

  /** The latest nonce counts; an old receipt that comes again brings none back. */
  #offer({ nonce, expiry }: Nonce): void {
    if (expiry <= this.#nonceExpiry) return;
    this.#nonceExpiry = expiry;
    this.#parts.onNonce?.({ nonce, expiry });
  }

  #topic(leaf: 'proof' | 'receipt' | 'challenge'): string {
    return deviceTopic(this.#prefix, this.#kid, leaf);
  }

  #properties(entry: OutboxEntry): MessageProperties {
    return {
      contentType: PROOF_TYPE,
      responseTopic: this.#topic('receipt'),
      correlationData: Buffer.from(entry.digest, 'hex'),
    };
  }

  #rouse(): void {
    this.#awake = true;
    this.#wake();
  }

  /** Until something happens, or a proof is due again. */
  async #sleep(signal: AbortSignal): Promise<void> {
    if (!this.#awake && !signal.aborted) {
      const due = this.#parts.connection.connected ? this.#flights.untilDue() : undefined;
      await new Promise<void>((resolve) => {
        const timer = due === undefined ? undefined : setTimeout(resolve, Math.ceil(due));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#awake = false;
  }
}
