import { deviceTopic, type MessageProperties, PublishError, type PublishOptions } from '../broker/index.ts';
import { type ErrorCode, FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type DigestSigner, kidToText, RECEIPT_TYPE, type Receipt, signReceipt } from '../proof/index.ts';
import type { Outcome } from './chain-keeper.ts';
import type { Gate } from './gate.ts';
import type { VerifierMetrics } from './metrics.ts';
import type { NonceIssuer } from './nonces.ts';

/** Receipts that wait for the signer or are being signed, at most; then messages wait to be acknowledged. */
const MAX_UNSIGNED = 64;
/** Signatures asked for at once: a token does one after the other, and its driver's queue is short. */
const MAX_SIGNING = 4;
/** Signed receipts that wait for the broker or its PUBACK, at most. What is dropped is asked for again by the device. */
const MAX_UNPUBLISHED = 4_096;

/** A token that is slow or gone for a while: the device sends again, and is answered then. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['TOKEN_BUSY', 'TOKEN_TIMEOUT', 'TOKEN_FAILED']);

/** What the receipt writer works with. */
export interface ReceiptSurroundings {
  readonly signer: DigestSigner;
  readonly nonces: NonceIssuer;
  readonly prefix: string;
  readonly now: () => number;
  readonly publish: (topic: string, payload: Uint8Array, options: PublishOptions) => Promise<void>;
  /** Open while there is a connection to publish on. */
  readonly online: Gate;
  readonly metrics: VerifierMetrics;
  readonly log: Log;
}

interface Request {
  readonly outcome: Outcome;
  readonly asked: MessageProperties;
}

/**
 * Signs receipts and publishes them on the devices' topics, as soon as there is a connection: the broker brings what it kept
 * for us before the connection is ours to publish on. It may lose one (a restart, a token that is away): the device sends the
 * proof again and gets another. Messages wait for the signer alone, and that only when it falls behind.
 */
export class ReceiptWriter {
  readonly #around: ReceiptSurroundings;
  readonly #queue: Request[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #running = new Set<Promise<void>>();
  #signing = 0;
  #publishing = 0;
  #signerIsDown = false;
  #failure: { error: unknown } | undefined;
  #onFailure: (error: unknown) => void = () => {};

  constructor(around: ReceiptSurroundings) {
    this.#around = around;
  }

  /** Resolves never; rejects with what the signer threw where that does not pass by itself. */
  failed(): Promise<never> {
    return new Promise((_, reject) => {
      if (this.#failure !== undefined) reject(this.#failure.error);
      else this.#onFailure = reject;
    });
  }

  /** Asks for a receipt. Resolves at once, or, when the signer is behind, as soon as there is room. */
  async write(outcome: Outcome, asked: MessageProperties = {}): Promise<void> {
    while (this.#queue.length + this.#signing >= MAX_UNSIGNED && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#queue.push({ outcome, asked });
    this.#next();
  }

  /** Resolves when every receipt asked for so far is published or lost. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #next(): void {
    while (this.#signing < MAX_SIGNING && this.#failure === undefined) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      this.#signing += 1;
      const running = this.#answer(request).catch((error: unknown) => {
        this.#failure ??= { error };
        this.#onFailure(error);
        for (const leave of this.#waiting.splice(0)) leave();
      });
      this.#running.add(running);
      void running.then(() => this.#running.delete(running));
    }
  }

  async #answer({ outcome, asked }: Request): Promise<void> {
    let signed: Uint8Array | undefined;
    try {
      signed = await this.#sign(outcome);
    } finally {
      this.#signing -= 1;
      this.#waiting.shift()?.();
      this.#next();
    }
    if (signed !== undefined) await this.#publish(outcome, signed, asked);
  }

  async #sign(outcome: Outcome): Promise<Uint8Array | undefined> {
    const { signer, nonces, now, metrics, log } = this.#around;
    const { nonce, expiry } = nonces.issue(outcome.kid, now());
    const { kid, epoch, seq, digest, verdict, reasons, received } = outcome;
    const receipt: Receipt = {
      kid,
      epoch,
      seq,
      digest,
      verdict,
      received,
      reasons: [...reasons],
      nonce,
      nonceExpiry: expiry,
    };
    try {
      const signed = await signReceipt(receipt, signer);
      this.#signerIsDown = false;
      return signed;
    } catch (error) {
      if (!(error instanceof FieldsealError) || !PASSING.has(error.code)) throw error;
      metrics.receipt('unsigned');
      if (!this.#signerIsDown) log.error({ code: error.code, error: error.message }, 'receipts cannot be signed');
      this.#signerIsDown = true;
      return undefined;
    }
  }

  async #publish({ kid }: Outcome, signed: Uint8Array, asked: MessageProperties): Promise<void> {
    const { prefix, metrics } = this.#around;
    if (this.#publishing >= MAX_UNPUBLISHED) {
      metrics.receipt('undelivered');
      return;
    }
    const topic = deviceTopic(prefix, kidToText(kid), 'receipt');
    // Elsewhere than on the device's own topic a receipt is not sent, whoever asks.
    const wanted = asked.responseTopic === topic && asked.correlationData !== undefined;
    const correlation = wanted ? { correlationData: asked.correlationData } : {};
    this.#publishing += 1;
    try {
      await this.#deliver(topic, signed, { qos: 1, properties: { contentType: RECEIPT_TYPE, ...correlation } });
      metrics.receipt('published');
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      metrics.receipt('undelivered');
    } finally {
      this.#publishing -= 1;
    }
  }

  /** Publishes, again on the next connection where this one breaks. Throws PublishError where the broker will not have it. */
  async #deliver(topic: string, signed: Uint8Array, options: PublishOptions): Promise<void> {
    const { publish, online } = this.#around;
    for (;;) {
      const opening = await online.pass();
      try {
        return await publish(topic, signed, options);
      } catch (error) {
        if (!(error instanceof PublishError) || error.reason !== 'disconnected') throw error;
        // The connection says so itself a moment later; until then it would only fail again.
        online.close(opening);
      }
    }
  }
}
