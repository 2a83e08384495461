import { isDeepStrictEqual } from 'node:util';
import { pause } from '../abort.ts';
import { Clock, observeStep } from '../clock/index.ts';
import type { DaemonConfig } from '../config/index.ts';
import { FieldsealError, locate } from '../errors.ts';
import { Recent } from '../health/index.ts';
import { Outbox } from '../outbox/index.ts';
import { kidToText, type ProofSource, thumbprint } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { type ChainStart, Sealer } from '../sealing/index.ts';
import { openDeviceSigner, openSigner, watchForWedge } from '../signing/index.ts';
import { HOST_SOURCE } from '../sources.ts';
import type { Task } from '../stages.ts';
import { RELEASED, SOFTWARE } from '../version.ts';
import { readKnownKey, rememberKey } from './known-key.ts';
import type { Plan } from './plan.ts';
import { SignerSlot } from './signer-slot.ts';
import type { GatewaySurroundings } from './surroundings.ts';

/** A disk that answers has noted a clean end by then. */
const ABANDON_MS = 500;

/** What outlives a reload: the clock, the key, what is on the disk, and the readings that are on their way there. */
export class Ground {
  readonly clock: Clock;
  readonly signer: SignerSlot;
  readonly outbox: Outbox;
  readonly sealer: Sealer;
  /** What the status page shows of the last hour. */
  readonly recent: Recent;
  readonly #startedMs: number;
  /** Of the device, as topics have it. */
  readonly kid: string;
  /** By name. One that is not configured any more stays, for the readings that wait. */
  readonly #sources = new Map<string, ProofSource>();
  #signerConfig: DaemonConfig['signer'];
  /** Told when readings are in a stored proof. */
  onStored: (readings: readonly Reading[]) => Promise<void> = () => Promise.resolve();

  private constructor(
    config: DaemonConfig,
    around: GatewaySurroundings,
    parts: { clock: Clock; signer: SignerSlot; outbox: Outbox; start: ChainStart },
  ) {
    const { clock, signer, outbox, start } = parts;
    this.clock = clock;
    this.signer = signer;
    this.outbox = outbox;
    this.recent = new Recent(clock);
    this.#startedMs = clock.monotonicNow();
    this.kid = kidToText(thumbprint(signer.publicKey));
    this.#signerConfig = config.signer;
    const sources = (): readonly ProofSource[] => [...this.#sources.values()];
    this.sealer = new Sealer(config.batching, {
      signer,
      start,
      store: async (proof, readings) => {
        await outbox.append(proof.message, proof.head, { declared: proof.declared });
        await this.onStored(readings);
        around.observer?.onSealed?.(proof);
      },
      losses: () => outbox.losses,
      noteLoss: (loss) => outbox.addLoss(loss),
      get sources() {
        return sources();
      },
      clock,
      software: SOFTWARE,
      log: around.log.child({ room: 'sealing' }),
    });
    clock.onStep((step) => {
      around.log.child({ room: 'clock' }).warn(step, 'the clock was set');
      this.sealer.add({ ...observeStep(step, undefined), source: HOST_SOURCE.source });
    });
    outbox.on('changed', () => {
      if (outbox.losses.length > 0) this.sealer.noticeLosses();
    });
  }

  /** Opens the key and the outbox. @throws FieldsealError for what an operator has to mend first */
  static async open({ config, sources }: Plan, around: GatewaySurroundings): Promise<Ground> {
    const clock = new Clock({ ...config.clock, notBefore: RELEASED }, around.clockHost);
    // Only the signer can't tell its place: the key commands name it on the command line.
    const known = await readKnownKey(config.outbox.directory);
    const signer = new SignerSlot(await locate('signer.uri', () => openDeviceSigner(config.signer, known)));
    if (signer.trouble !== undefined)
      around.log.error(signer.trouble.toFields(), 'begins without its token; readings wait');
    try {
      const owner = kidToText(thumbprint(signer.publicKey));
      const outbox = new Outbox(config.outbox, { log: around.log, now: clock.now, owner });
      await outbox.open();
      await rememberKey(config.outbox.directory, signer.publicKey, around.log);
      const ground = new Ground(config, around, { clock, signer, outbox, start: outbox.chain() });
      ground.describe(sources.proofSources);
      return ground;
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

  /** From now on readings come from these sources. */
  describe(sources: readonly ProofSource[]): void {
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
    const { restartAfter } = this.#signerConfig;
    return [
      (stop) => this.clock.run(stop),
      (stop) => this.outbox.run(stop),
      ...(restartAfter === 0 ? [] : [(stop: AbortSignal) => watchForWedge(this.signer, restartAfter, stop)]),
    ];
  }

  /**
   * Lets go of all of it.
   *
   * @param failure what ended the run, if anything did
   */
  async close(failure?: unknown): Promise<void> {
    // What an operator has to mend has cost no reading: the next run need not declare a loss.
    const isClean = failure === undefined || (failure instanceof FieldsealError && this.sealer.stats.waiting === 0);
    try {
      if (isClean) await this.outbox.close();
    } finally {
      await this.signer.close();
    }
  }

  /** Lets go of what still answers, where something hangs and the process is to end. */
  async abandon(isClean: boolean): Promise<void> {
    if (!isClean) return;
    const enough = new AbortController();
    await Promise.race([this.outbox.close(), pause(ABANDON_MS, enough.signal)]);
    enough.abort();
  }
}
