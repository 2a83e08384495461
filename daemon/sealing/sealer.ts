import { aborted, pause, timer } from '../abort.ts';
import { Batcher, type BatchLimits } from '../batching/index.ts';
import { type ChainStart, draftProof, type Loss, type ProofDraft, ProofError, rowSize } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { within } from './deadline.ts';
import { LossBook } from './loss-book.ts';
import type { SealerParts, SealerStats } from './parts.ts';
import { PatientSigner } from './patient-signer.ts';
import { batchOf, halve, moveTime, type WaitingBatch, WaitingBatches } from './waiting.ts';

/** Readings that may wait for the token in memory where the journal keeps them as well: the newest are read back in their turn. */
const KEPT_IN_MEMORY = 20_000;
/** Readings that may wait in memory at all; beyond it some are dropped and declared. */
const MAX_IN_MEMORY = 50_000;
/** While the time is not known, it is looked at so often. */
const CLOCK_LOOK_MS = 1_000;
/** At the end the token has so long for all that is left; a service has ten seconds to stop. */
const LAST_SIGN_MS = 4_000;

/**
 * Readings -> batch -> proof, one at a time and in order: draft, sign, store, and the chain goes on. While the token does not
 * sign, batches wait; those that memory has no room for, in the journal alone. Nothing is dropped without a loss record.
 *
 * Every reading gets a position: 1, 2, 3, ... for the life of the outbox. Everything before the oldest batch that waits is
 * sealed or declared lost, so one number tells after a crash what is left to be sealed.
 */
export class Sealer {
  readonly #parts: SealerParts;
  readonly #limits: BatchLimits;
  readonly #signer: PatientSigner;
  readonly #batcher: Batcher;
  readonly #waiting = new WaitingBatches();
  readonly #book = new LossBook();
  readonly stats: SealerStats = { proofs: 0, readings: 0, signFailures: 0, losses: {}, waiting: 0, trouble: undefined };
  /** Position of the last reading that was taken. */
  #position = 0;
  #challenge: { readonly nonce: Uint8Array; readonly expiry: number } | undefined;
  #lossesSince: number | undefined;
  /** When something was last sealed, or refused with a reason. */
  #progressAt: number;
  #isSealing = false;
  /** How often readings were dated anew. */
  #timeline = 0;
  #wake: () => void = () => {};

  constructor(limits: BatchLimits, parts: SealerParts) {
    this.#parts = parts;
    this.#limits = limits;
    this.#signer = new PatientSigner(parts.signer, parts.log);
    this.#progressAt = parts.clock.monotonicNow();
    const sourceIndex = new Map(parts.sources.map((source, index) => [source.source, index]));
    this.#batcher = new Batcher(limits, {
      monotonicNow: () => parts.clock.monotonicNow(),
      sizeOf: (reading) => rowSize(reading, sourceIndex.get(reading.source) ?? 0),
    });
  }

  /** Where the next proof continues. */
  get head(): ChainStart {
    return this.#parts.chain();
  }

  /** Whether the sealer does its work: nothing waits, or it sealed, or said why not, within `ms` beyond a batch's age. */
  makesProgress(ms: number): boolean {
    const since = this.#parts.clock.monotonicNow() - this.#progressAt;
    return this.stats.waiting === 0 || since <= this.#limits.maxAge + ms;
  }

  /** Takes up what an earlier run left; before anything else is added, oldest first, with positions up to `position`. */
  recover(batches: Iterable<WaitingBatch>, position: number): void {
    for (const batch of batches) this.#waiting.push(batch);
    this.#position = Math.max(this.#position, position);
    this.#recount();
  }

  add(reading: Reading): void {
    if (this.#isOverfull()) {
      this.#book.add({ reason: 'signer-backlog', count: 1, from: reading.t, to: reading.t });
      return;
    }
    if (this.stats.waiting === 0) this.#progressAt = this.#parts.clock.monotonicNow();
    const wasEmpty = this.#batcher.size === 0;
    const closed = this.#batcher.add(reading);
    this.#position += 1;
    this.#parts.keeper?.add(this.#position, reading);
    // Of two batches that one reading closes, the second holds it alone.
    let first =
      this.#position + 1 - this.#batcher.size - closed.reduce((sum, { readings }) => sum + readings.length, 0);
    for (const { readings } of closed) {
      this.#waiting.push(batchOf(first, readings, this.#parts.sources));
      first += readings.length;
    }
    if (closed.length > 0) this.#makeRoom();
    this.#recount();
    if (closed.length > 0 || wasEmpty) this.#wake();
  }

  /** Closes the batch that is being gathered: what comes from now on may come from other sources. */
  cut(): void {
    const batch = this.#batcher.flush();
    if (batch === undefined) return;
    const first = this.#position + 1 - batch.readings.length;
    this.#waiting.push(batchOf(first, batch.readings, this.#parts.sources));
    this.#wake();
  }

  /**
   * Readings of this run that are not sealed yet were stamped by a clock that was wrong by so much: they are dated anew. Gives how
   * many, and the new time of the first.
   */
  dateBack(deltaMs: number): { readonly count: number; readonly from?: number } {
    this.#timeline += 1;
    for (const reading of this.#batcher.open) moveTime(reading, deltaMs);
    const { count, from } = this.#waiting.dateBack(deltaMs);
    const earliest = this.#batcher.open.reduce((least, { t }) => Math.min(least, t), from);
    this.#parts.keeper?.dateBack(this.#position, deltaMs);
    const all = count + this.#batcher.size;
    return all === 0 ? { count: 0 } : { count: all, from: earliest };
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

  /** There may be room to be made. */
  readonly notice = (): void => this.#wake();

  /** Seals until the signal; then what is left, as far as the token signs it in time. The rest stays in the journal, or is noted as lost. */
  async run(signal: AbortSignal): Promise<void> {
    const enough = within(LAST_SIGN_MS, signal);
    while (!signal.aborted) {
      await this.#relieve();
      if (this.#isHeld()) {
        this.#progressAt = this.#parts.clock.monotonicNow();
        await this.#idle(CLOCK_LOOK_MS, signal);
        continue;
      }
      const batch = this.#next();
      if (batch === undefined) await this.#idle(Number.POSITIVE_INFINITY, signal);
      else if (!(await this.#seal(batch, enough))) await this.#waitForToken(signal);
    }
    await this.#sealLast(enough);
  }

  async #sealLast(enough: AbortSignal): Promise<void> {
    this.cut();
    let signs = true;
    if (this.#waiting.isEmpty && this.#hasLosses()) signs = await this.#seal(this.#empty(), enough);
    while (signs && this.#waiting.head !== undefined) signs = await this.#seal(this.#waiting.head, enough);
    if (!this.#waiting.isEmpty) await this.#parts.keeper?.sync();
    const left: WaitingBatch[] = [];
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      if (batch.readings === undefined || this.#parts.keeper?.keeps(batch.first, batch.last) === true) left.push(batch);
      else this.#giveUp(batch);
    }
    for (const batch of left) this.#waiting.push(batch);
    await this.#writeBook();
    // What is left is the journal's: the next run takes it up.
    while (!this.#waiting.isEmpty) this.#waiting.shift();
    this.#recount();
  }

  /** What was read in this run waits for the time to become known. */
  #isHeld(): boolean {
    return this.#parts.clock.awaited === true && this.#waiting.head?.clock === undefined;
  }

  #hasLosses(): boolean {
    return !this.#book.isEmpty || this.#parts.losses().length > 0;
  }

  #recount(): void {
    this.stats.waiting = this.#waiting.count + this.#batcher.size;
  }

  /** Everything before it is sealed, or lost and in the book. */
  get #floor(): number {
    return (this.#waiting.head?.first ?? this.#position + 1 - this.#batcher.size) - 1;
  }

  async #writeBook(): Promise<void> {
    const losses = this.#book.take();
    const floor = this.#floor;
    // Only with the last of them everything is declared.
    for (const [i, loss] of losses.entries()) {
      await this.#parts.noteLoss(loss, i === losses.length - 1 ? floor : 0);
    }
  }

  #giveUp(batch: WaitingBatch | undefined): void {
    if (batch === undefined || batch.count === 0) return;
    this.declare({ reason: 'signer-backlog', count: batch.count, from: batch.from, to: batch.to });
  }

  /** Where no more may wait and the newest have to go. */
  #isOverfull(): boolean {
    if (this.#parts.drop !== 'newest') return false;
    return this.#parts.keeper?.isFull === true || this.#waiting.inMemory + this.#batcher.size >= MAX_IN_MEMORY;
  }

  #makeRoom(): void {
    const { keeper, drop } = this.#parts;
    if (keeper !== undefined) this.#waiting.evict(KEPT_IN_MEMORY, (first, last) => keeper.keeps(first, last));
    if (drop === 'newest') return;
    while (this.#waiting.inMemory > MAX_IN_MEMORY) {
      const dropped = this.#isSealing ? this.#waiting.dropSecond() : this.#waiting.shift();
      if (dropped === undefined) break;
      this.#giveUp(dropped);
    }
    const fullUpTo = this.#isSealing ? undefined : keeper?.fullUpTo;
    while (fullUpTo !== undefined && (this.#waiting.head?.first ?? Number.POSITIVE_INFINITY) <= fullUpTo) {
      this.#giveUp(this.#waiting.shift());
    }
    this.#recount();
  }

  /** Makes room. The journal has some only when it is on the disk that what it gave up is lost. */
  async #relieve(): Promise<void> {
    this.#makeRoom();
    const { keeper, drop } = this.#parts;
    if (drop !== 'newest' && keeper?.isFull === true) await this.#writeBook();
  }

  #next(): WaitingBatch | undefined {
    const due = this.#batcher.dueIn === 0 || (this.#waiting.isEmpty && this.#heartbeatIn() === 0);
    if (due) this.cut();
    return this.#waiting.head ?? (this.#heartbeatIn() === 0 ? this.#empty() : undefined);
  }

  /** For a proof that says something, but holds no readings. */
  #empty(): WaitingBatch {
    const now = this.#parts.clock.now();
    return { first: this.#floor + 1, last: this.#floor, count: 0, from: now, to: now, readings: [], sources: [] };
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

  async #idle(maxMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const due = Math.min(this.#batcher.dueIn ?? maxMs, this.#heartbeatIn() ?? maxMs);
    const ms = this.#isHeld() ? maxMs : Math.min(due, maxMs);
    await pause(Math.min(ms, 2 ** 31 - 1), AbortSignal.any([signal, woken.signal]));
  }

  /** Readings and losses go on coming, and room has to be made for them. */
  async #waitForToken(signal: AbortSignal): Promise<void> {
    const patience = timer(this.#signer.backOff());
    while (!patience.signal.aborted && !signal.aborted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await aborted(AbortSignal.any([signal, patience.signal, woken.signal]));
      await this.#relieve();
    }
    patience.clear();
  }

  /** Seals the oldest batch, or an empty one. False where the token does not sign, or has not signed when it is `enough`. */
  async #seal(batch: WaitingBatch, enough: AbortSignal): Promise<boolean> {
    this.#isSealing = true;
    try {
      await this.#writeBook();
      const readings = batch.readings ?? (await this.#readBack(batch));
      const declared = this.#parts.losses();
      const draft = this.#draft(batch, readings, declared);
      if (draft === undefined) {
        this.#waiting.replaceHead(halve(this.#waiting.head ?? batch));
        return true;
      }
      const timeline = this.#timeline;
      const signature = await this.#signer.sign(draft.digest, enough);
      const { failures, trouble } = this.#signer;
      // One that says why it does not sign has not hung up.
      if (failures > this.stats.signFailures) this.#progressAt = this.#parts.clock.monotonicNow();
      Object.assign(this.stats, { signFailures: failures, trouble });
      if (signature === undefined) return false;
      // The readings were dated anew meanwhile: nobody gets to see this one.
      if (timeline !== this.#timeline) return true;
      const position = batch.count === 0 ? undefined : batch.last;
      const proof = {
        message: draft.finish(signature),
        head: draft.head,
        declared,
        readings: readings.length,
        position,
      };
      if ((await this.#parts.store(proof, readings)) === 'again') return true;
      if (batch.count > 0) this.#waiting.shift();
      this.#lossesSince = undefined;
      this.stats.proofs += 1;
      for (const { reason } of declared) this.stats.losses[reason] = (this.stats.losses[reason] ?? 0) + 1;
      this.stats.readings += readings.length;
      this.#progressAt = this.#parts.clock.monotonicNow();
      return true;
    } finally {
      this.#isSealing = false;
      this.#recount();
    }
  }

  /** What the journal has lost is declared. */
  async #readBack(batch: WaitingBatch): Promise<readonly Reading[]> {
    const readings = (await this.#parts.keeper?.read(batch.first, batch.last)) ?? [];
    const missing = batch.count - readings.length;
    if (missing > 0) {
      this.declare({ reason: 'outbox-corrupt', count: missing, from: batch.from, to: batch.to });
      this.#waiting.replaceHead([{ ...batch, count: readings.length, readings }]);
    }
    return readings;
  }

  /** Undefined where the readings do not fit one message and have to be parted. */
  #draft(batch: WaitingBatch, readings: readonly Reading[], losses: readonly Loss[]): ProofDraft | undefined {
    const now = this.#parts.clock.now();
    const nonce = this.#challenge !== undefined && this.#challenge.expiry > now ? this.#challenge.nonce : undefined;
    try {
      return draftProof({
        publicKey: this.#signer.publicKey,
        previous: this.#parts.chain(),
        readings,
        sources: batch.sources,
        clock: batch.clock ?? this.#parts.clock.state(),
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
}
