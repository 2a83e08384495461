import { isDeepStrictEqual } from 'node:util';
import { aborted, pause } from '../abort.ts';
import { Clock, observeStep } from '../clock/index.ts';
import type { DaemonConfig } from '../config/index.ts';
import { type FieldsealError, locate } from '../errors.ts';
import { Recent } from '../health/index.ts';
import { Journal, type KeptBatch } from '../journal/index.ts';
import { Outbox, type OutboxOpening } from '../outbox/index.ts';
import { kidToText, type ProofSource, thumbprint } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { Sealer } from '../sealing/index.ts';
import { openDeviceSigner, openSigner, watchForWedge } from '../signing/index.ts';
import { HOST_SOURCE } from '../sources.ts';
import type { Task } from '../stages.ts';
import { RELEASED, SOFTWARE } from '../version.ts';
import { readKnownKey, rememberKey } from './known-key.ts';
import type { Plan } from './plan.ts';
import { SignerSlot } from './signer-slot.ts';
import type { GatewaySurroundings } from './surroundings.ts';

/** A disk and a token that answer have let go by then. */
const CLOSE_MS = 1_000;

/** What outlives a reload: the clock, the key, what is on the disk, and the readings that are on their way there. */
export class Ground {
  readonly clock: Clock;
  readonly signer: SignerSlot;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly sealer: Sealer;
  /** What the status page shows of the last hour. */
  readonly recent: Recent;
  readonly #startedMs: number;
  /** Of the device, as topics have it. */
  readonly kid: string;
  /** By name. One that is not configured any more stays, for the readings that wait. */
  readonly #sources: Map<string, ProofSource>;
  #signerConfig: DaemonConfig['signer'];
  /** Told when frames are in a proof on the disk. */
  onStored: (frames: readonly Reading[]) => Promise<void> = () => Promise.resolve();
  /** Frames in proofs of which a crash may yet leave nothing, with the positions at which it can't any more. */
  #frames: { readonly position: number; readonly frames: readonly Reading[] }[] = [];
  /** What the last run has left to be sealed. */
  #kept: readonly KeptBatch[];

  private constructor(
    config: DaemonConfig,
    around: GatewaySurroundings,
    parts: {
      clock: Clock;
      signer: SignerSlot;
      outbox: Outbox;
      journal: Journal;
      opening: OutboxOpening;
      sources: Map<string, ProofSource>;
    },
  ) {
    const { clock, signer, outbox, journal, opening, sources } = parts;
    this.clock = clock;
    this.signer = signer;
    this.outbox = outbox;
    this.journal = journal;
    this.#sources = sources;
    this.recent = new Recent(clock);
    this.#startedMs = clock.monotonicNow();
    this.kid = kidToText(thumbprint(signer.publicKey));
    this.#signerConfig = config.signer;
    this.sealer = new Sealer(config.batching, {
      signer,
      chain: () => outbox.chain(),
      store: async ({ message, head, declared, position, ...proof }, readings) => {
        const at = position === undefined ? { declared } : { declared, position };
        const appended = await outbox.append(message, head, at);
        if (appended === 'again') return appended;
        await this.#tellStored(readings, position);
        around.observer?.onSealed?.({ message, head, declared, position, ...proof });
        return appended;
      },
      losses: () => outbox.losses,
      noteLoss: (loss, position) => outbox.addLoss(loss, position),
      keeper: journal,
      drop: config.outbox.drop,
      get sources() {
        return [...sources.values()];
      },
      clock,
      software: SOFTWARE,
      log: around.log.child({ room: 'sealing' }),
    });
    clock.onStep((step) => {
      around.log.child({ room: 'clock' }).warn(step, 'the clock was set');
      if (step.datesBack) this.recent.dateBack(step.deltaMs);
      const dated = step.datesBack ? this.sealer.dateBack(step.deltaMs) : undefined;
      this.sealer.add({ ...observeStep(step, dated), source: HOST_SOURCE.source });
    });
    const { batches, gaps, position } = journal.open(opening.position, config.batching);
    this.#kept = batches;
    this.sealer.recover(batches, position);
    for (const gap of gaps) this.sealer.declare({ reason: 'unclean-shutdown', ...gap });
    journal.onFull = this.sealer.notice;
    outbox.on('changed', () => {
      journal.sealed(outbox.position);
      if (outbox.losses.length > 0) this.sealer.noticeLosses();
    });
  }

  /** Opens the key, the outbox and the journal. @throws FieldsealError for what an operator has to mend first */
  static async open({ config, sources }: Plan, around: GatewaySurroundings): Promise<Ground> {
    const clock = new Clock({ ...config.clock, notBefore: RELEASED }, around.clockHost);
    // Only the signer can't tell its place: the key commands name it on the command line.
    const known = await readKnownKey(config.outbox.directory);
    const signer = new SignerSlot(await locate('signer.uri', () => openDeviceSigner(config.signer, known)));
    // One that takes its time has no trouble as yet.
    const missing = signer.trouble?.toFields() ?? { holder: signer.holder };
    if (signer.state !== 'ready') around.log.error(missing, 'begins without its token; readings wait');
    try {
      const owner = kidToText(thumbprint(signer.publicKey));
      const described = new Map(sources.proofSources.map((one) => [one.source, one]));
      const journal = new Journal(config.journal, config.outbox, {
        clock,
        sources: () => [...described.values()],
        log: around.log,
      });
      const keptUntil = await journal.look();
      const outbox = new Outbox(config.outbox, { log: around.log, now: clock.now, owner });
      const opening = await outbox.open(keptUntil);
      await rememberKey(config.outbox.directory, signer.publicKey, around.log);
      return new Ground(config, around, { clock, signer, outbox, journal, opening, sources: described });
    } catch (error) {
      await signer.close();
      throw error;
    }
  }

  /** How long it has run. */
  get ranMs(): number {
    return this.clock.monotonicNow() - this.#startedMs;
  }

  /** Takes a reading that may be recorded. */
  take(reading: Reading): void {
    this.recent.take(reading);
    this.sealer.add(reading);
  }

  /** The readings that the last run has left to be sealed, once; before the sealer runs. */
  async *recovered(): AsyncIterable<Reading> {
    const batches = this.#kept;
    this.#kept = [];
    for (const { first, last } of batches) yield* await this.journal.read(first, last);
  }

  /** From now on readings come from these sources. */
  describe(sources: readonly ProofSource[]): void {
    this.sealer.cut();
    for (const one of sources) this.#sources.set(one.source, one);
  }

  /** Opens the signer of a new configuration. One that stays may be tried anew: its PIN may be corrected. @throws FieldsealError */
  async renewSigner(config: DaemonConfig): Promise<void> {
    if (isDeepStrictEqual(this.#signerConfig, config.signer)) return this.signer.retry();
    await locate('signer.uri', async () => this.signer.replace(await openSigner(config.signer)));
    this.#signerConfig = config.signer;
  }

  /** What runs beside the rooms, to the very end. */
  get tasks(): readonly Task[] {
    return [(stop) => this.clock.run(stop), (stop) => this.outbox.run(stop), (stop) => this.journal.run(stop)];
  }

  /** Resolves at the signal; earlier, and to why, where only a new process can reach the token again. */
  async needsRestart(signal: AbortSignal): Promise<FieldsealError | undefined> {
    const { restartAfter } = this.#signerConfig;
    if (restartAfter > 0) return watchForWedge(this.signer, restartAfter, signal);
    await aborted(signal);
    return undefined;
  }

  /**
   * Lets go of all of it; of what hangs, after a moment, for the process is to end.
   *
   * @param isClean every reading is in a proof, in the journal or declared lost: the next run has no loss to declare
   */
  async close(isClean: boolean): Promise<void> {
    const closing = this.#close(isClean);
    closing.catch(() => {});
    const enough = new AbortController();
    await Promise.race([closing, pause(CLOSE_MS, enough.signal)]);
    enough.abort();
  }

  /** A proof that is held in memory is none that outlives a crash: its files are not done yet. */
  async #tellStored(readings: readonly Reading[], position: number | undefined): Promise<void> {
    const frames = readings.filter(({ kind }) => kind === 'camera.frame');
    if (frames.length > 0 && position !== undefined) this.#frames.push({ position, frames });
    const safe = this.outbox.position;
    const stored = this.#frames.filter((one) => one.position <= safe);
    if (stored.length === 0) return;
    this.#frames = this.#frames.filter((one) => one.position > safe);
    await this.onStored(stored.flatMap((one) => one.frames));
  }

  async #close(isClean: boolean): Promise<void> {
    try {
      if (isClean) await this.outbox.close();
    } finally {
      await this.signer.close();
    }
  }
}
