import { pause } from '../abort.ts';
import { type Batch, Batcher, type BatchLimits } from '../batching/index.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type ChainHead,
  type ClockState,
  type DigestSigner,
  draftProof,
  type Loss,
  type ProofDraft,
  ProofError,
  type ProofSource,
  rowSize,
  type Software,
} from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { LossBook } from './loss-book.ts';

/** Readings that may wait for the token; beyond it the oldest batches are dropped and declared. */
const MAX_WAITING_READINGS = 50_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** Where the chain stands: its last proof, or an epoch that has none yet. */
export type ChainStart = ChainHead | { readonly epoch: Uint8Array };

/** A signed proof on its way to the disk. */
export interface SealedProof {
  /** As it is published. */
  readonly message: Uint8Array;
  readonly head: ChainHead;
  /** The losses that it declares. */
  readonly declared: readonly Loss[];
  readonly readings: number;
}

/** What the sealer works with; the composition root gives it. */
export interface SealerParts {
  readonly signer: DigestSigner;
  readonly start: ChainStart;
  /** Makes a signed proof, of these readings, durable; only then does the chain go on. */
  readonly store: (proof: SealedProof, readings: readonly Reading[]) => Promise<void>;
  /** Losses that are written down and that no stored proof declares yet. */
  readonly losses: () => readonly Loss[];
  /** Writes a loss down durably. */
  readonly noteLoss: (loss: Loss) => Promise<void>;
  readonly sources: readonly ProofSource[];
  readonly clock: { now(): number; monotonicNow(): number; state(): ClockState };
  readonly software: Software;
  readonly log: Log;
}

/** Running totals of the sealer; the numbers only grow, but for the last two. */
export interface SealerStats {
  proofs: number;
  readings: number;
  signFailures: number;
  /** Readings that wait to be sealed. */
  waiting: number;
  /** What the token last refused with; undefined while it signs. */
  trouble: string | undefined;
}

/**
 * Readings -> batch -> proof, one at a time: draft, sign, store, and the chain goes on. While the token does not sign,
 * batches wait in order; nothing is dropped before `MAX_WAITING_READINGS`, and nothing without a loss record.
 */
export class Sealer {
  readonly #parts: SealerParts;
  readonly #batcher: Batcher;
  readonly #closed: Batch[] = [];
  readonly #book = new LossBook();
  readonly stats: SealerStats = { proofs: 0, readings: 0, signFailures: 0, waiting: 0, trouble: undefined };
  #head: ChainStart;
  #challenge: { readonly nonce: Uint8Array; readonly expiry: number } | undefined;
  #lossesSince: number | undefined;
  /** When something was last sealed, or refused with a reason. */
  #progressAt: number;
  readonly #limits: BatchLimits;
  #wake: () => void = () => {};

  constructor(limits: BatchLimits, parts: SealerParts) {
    this.#parts = parts;
    this.#limits = limits;
    this.#head = parts.start;
    this.#progressAt = parts.clock.monotonicNow();
    const sourceIndex = new Map(parts.sources.map((source, index) => [source.source, index]));
    this.#batcher = new Batcher(limits, {
      monotonicNow: () => parts.clock.monotonicNow(),
      sizeOf: (reading) => rowSize(reading, sourceIndex.get(reading.source) ?? 0),
    });
  }

  /** The chain's last stored proof, or the epoch that waits for its first. */
  get head(): ChainStart {
    return this.#head;
  }

  /** Whether the sealer does its work: nothing waits, or it sealed, or said why not, within `ms` beyond a batch's age. */
  makesProgress(ms: number): boolean {
    const since = this.#parts.clock.monotonicNow() - this.#progressAt;
    return this.stats.waiting === 0 || since <= this.#limits.maxAge + ms;
  }

  add(reading: Reading): void {
    if (this.stats.waiting === 0) this.#progressAt = this.#parts.clock.monotonicNow();
    this.stats.waiting += 1;
    const wasEmpty = this.#batcher.size === 0;
    const closed = this.#batcher.add(reading);
    for (const batch of closed) this.#enqueue(batch);
    if (closed.length > 0 || wasEmpty) this.#wake();
  }

  /** The verifier's latest challenge: every proof carries it until it lapses at `expiry`, ms since the Unix epoch. */
  setNonce(nonce: Uint8Array, expiry: number): void {
    this.#challenge = { nonce, expiry };
  }

  /** Something was lost: the next proof declares it, or one of its own where no reading comes within a batch's age. */
  declare(loss: Loss): void {
    this.#book.add(loss);
    this.noticeLosses();
  }

  /** Somebody has noted a loss elsewhere: a proof has to declare it, readings or not. */
  noticeLosses(): void {
    this.#lossesSince ??= this.#parts.clock.monotonicNow();
    this.#wake();
  }

  /** Seals until the signal; then what is left. What the token does not sign then is noted as lost. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const batch = this.#next();
      if (batch === undefined) {
        await this.#idle(signal);
        continue;
      }
      const left = await this.#seal(batch, signal);
      if (left.length > 0) this.#closed.unshift({ ...batch, readings: left });
    }
    const last = this.#batcher.flush();
    if (last !== undefined) this.#enqueue(last);
    if (this.#closed.length === 0 && this.#hasLosses()) this.#closed.push({ readings: [], closedBy: 'flush' });
    let signs = true;
    for (let batch = this.#closed.shift(); batch !== undefined; batch = this.#closed.shift()) {
      const left = signs ? await this.#seal(batch, signal) : batch.readings;
      if (left.length === 0) continue;
      signs = false;
      this.#giveUp(left);
    }
    await this.#writeBook();
  }

  #hasLosses(): boolean {
    return !this.#book.isEmpty || this.#parts.losses().length > 0;
  }

  async #writeBook(): Promise<void> {
    for (const loss of this.#book.take()) await this.#parts.noteLoss(loss);
  }

  #giveUp(readings: readonly Reading[]): void {
    this.stats.waiting -= readings.length;
    const times = readings.map(({ t }) => t);
    if (times.length === 0) return;
    const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
    this.#book.add({ reason: 'signer-backlog', count: times.length, from, to });
  }

  #next(): Batch | undefined {
    const due = this.#batcher.due();
    if (due !== undefined) this.#enqueue(due);
    const batch = this.#closed.shift();
    if (batch !== undefined || this.#heartbeatIn() !== 0) return batch;
    return this.#batcher.flush() ?? { readings: [], closedBy: 'age' };
  }

  /** Milliseconds until undeclared losses get a proof of their own. */
  #heartbeatIn(): number | undefined {
    if (!this.#hasLosses()) {
      this.#lossesSince = undefined;
      return undefined;
    }
    this.#lossesSince ??= this.#parts.clock.monotonicNow();
    return Math.max(0, this.#lossesSince + this.#limits.maxAge - this.#parts.clock.monotonicNow());
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const ms = Math.min(
      this.#batcher.dueIn ?? Number.POSITIVE_INFINITY,
      this.#heartbeatIn() ?? Number.POSITIVE_INFINITY,
    );
    await pause(Math.min(ms, 2 ** 31 - 1), AbortSignal.any([signal, woken.signal]));
  }

  #enqueue(batch: Batch): void {
    this.#closed.push(batch);
    let waiting = this.#closed.reduce((sum, one) => sum + one.readings.length, 0);
    while (waiting > MAX_WAITING_READINGS && this.#closed.length > 1) {
      const dropped = this.#closed.shift()?.readings ?? [];
      waiting -= dropped.length;
      this.#giveUp(dropped);
    }
  }

  /** Seals one batch, trying again while the token fails. Gives what is left where it was told to stop before the token signed. */
  async #seal(batch: Batch, signal: AbortSignal): Promise<readonly Reading[]> {
    for (let delay = RETRY_MIN_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
      await this.#writeBook();
      const declared = this.#parts.losses();
      const draft = this.#draft(batch.readings, declared);
      if (draft === undefined) return this.#sealHalves(batch, signal);
      const signature = await this.#sign(draft.digest);
      if (signature !== undefined) {
        const message = draft.finish(signature);
        const proof = { message, head: draft.head, declared, readings: batch.readings.length };
        await this.#parts.store(proof, batch.readings);
        this.#head = draft.head;
        this.#lossesSince = undefined;
        this.stats.proofs += 1;
        this.stats.readings += batch.readings.length;
        this.stats.waiting -= batch.readings.length;
        this.#progressAt = this.#parts.clock.monotonicNow();
        return [];
      }
      if (signal.aborted) return batch.readings;
      await pause(delay, signal);
    }
  }

  /** Undefined where the readings do not fit one message and have to be parted. */
  #draft(readings: readonly Reading[], losses: readonly Loss[]): ProofDraft | undefined {
    const now = this.#parts.clock.now();
    const nonce = this.#challenge !== undefined && this.#challenge.expiry > now ? this.#challenge.nonce : undefined;
    try {
      return draftProof({
        publicKey: this.#parts.signer.publicKey,
        previous: this.#head,
        readings,
        sources: this.#parts.sources,
        clock: this.#parts.clock.state(),
        losses,
        ...(nonce === undefined ? {} : { nonce }),
        software: this.#parts.software,
        now,
      });
    } catch (error) {
      if (error instanceof ProofError && error.reason === 'size' && readings.length > 1) return undefined;
      throw error;
    }
  }

  async #sealHalves(batch: Batch, signal: AbortSignal): Promise<readonly Reading[]> {
    const middle = batch.readings.length >> 1;
    const [first, second] = [batch.readings.slice(0, middle), batch.readings.slice(middle)];
    const left = await this.#seal({ ...batch, readings: first }, signal);
    return left.length > 0 ? [...left, ...second] : this.#seal({ ...batch, readings: second }, signal);
  }

  /** Undefined where the token failed in a way that an operator or time can mend; anything else is a bug and crashes. */
  async #sign(digest: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const signature = await this.#parts.signer.sign(digest);
      if (this.stats.trouble !== undefined) this.#parts.log.info({}, 'token signs again');
      this.stats.trouble = undefined;
      return signature;
    } catch (error) {
      if (!(error instanceof FieldsealError) || error.code === 'KEY_CHANGED') throw error;
      this.stats.signFailures += 1;
      this.#progressAt = this.#parts.clock.monotonicNow();
      const line = error.toLine();
      if (this.stats.trouble !== line) this.#parts.log.error(error.toFields(), 'token does not sign; readings wait');
      this.stats.trouble = line;
      return undefined;
    }
  }
}
