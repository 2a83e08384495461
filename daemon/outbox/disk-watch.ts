import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { pause } from '../abort.ts';
import { FieldsealError, systemCode } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ChainHead, ChainStart } from '../proof/index.ts';
import { hex } from './entry.ts';
import { NotStored } from './spool.ts';

/** A disk that fails is tried again after so long, and more rarely the longer it fails. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

interface DiskEvents {
  /** The disk began to fail. */
  failed: [];
}

export const freshEpoch = (): ChainStart => ({ epoch: new Uint8Array(randomBytes(16)) });

/**
 * Whether the disk does its work, and the chain that stands aside while it does not. That chain's epoch was never on the disk:
 * so whatever happens to the power, no proof that was published is ever made again with other bytes.
 */
export class DiskWatch extends EventEmitter<DiskEvents> {
  readonly #log: Log;
  #aside: ChainStart | undefined;
  /** The epoch of the last time that the disk failed: a proof that was drafted then may still come. */
  #closed: ChainStart | undefined;
  #trouble: FieldsealError | undefined;
  /** How often the disk began to fail. */
  failures = 0;

  constructor(log: Log) {
    super();
    this.#log = log;
  }

  get fails(): boolean {
    return this.#aside !== undefined;
  }

  /** What the disk last refused with, while it fails. */
  get trouble(): FieldsealError | undefined {
    return this.#trouble;
  }

  /** Where the chain in memory stands, while the disk fails. */
  get aside(): ChainStart | undefined {
    return this.#aside;
  }

  /** The chain in memory goes on. */
  moves(head: ChainHead): void {
    this.#aside = head;
  }

  /** Whether an epoch belongs to a time, over by now, when the disk failed. */
  isOver(epoch: Uint8Array): boolean {
    return this.#closed !== undefined && hex(this.#closed.epoch) === hex(epoch);
  }

  /** Does something with the disk. False where the disk fails. */
  async try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** A disk that fails is lived with. What else fails is a bug, and thrown. */
  fail(error: unknown): void {
    const trouble = unusable(error);
    if (trouble === undefined) throw error;
    this.#trouble = trouble;
    if (this.fails) return;
    this.#aside = freshEpoch();
    this.failures += 1;
    this.#log.error(trouble.toFields(), 'the disk fails: proofs are held in memory');
    this.emit('failed');
  }

  /** The disk has taken everything. */
  heals(): void {
    this.#closed = this.#aside;
    this.#aside = undefined;
    this.#trouble = undefined;
    this.#log.info({}, 'the disk takes proofs again');
  }

  /** Tries a disk that fails again and again, until the signal. @param mend says whether the disk is well */
  async run(mend: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    let delay = RETRY_MIN_MS;
    while (!signal.aborted) {
      await this.#untilFailed(signal);
      await pause(delay, signal);
      if (signal.aborted) return;
      const healed = await mend();
      const since = performance.now();
      if (healed) await this.#untilFailed(signal);
      // One that works for a moment only is asked as rarely as one that does not.
      const worked = healed && performance.now() - since > RETRY_MAX_MS;
      delay = worked ? RETRY_MIN_MS : Math.min(delay * 2, RETRY_MAX_MS);
    }
  }

  async #untilFailed(signal: AbortSignal): Promise<void> {
    if (this.fails || signal.aborted) return;
    try {
      await once(this, 'failed', { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** What the operator is told of an error that a disk throws; undefined for any other. */
export function unusable(error: unknown): FieldsealError | undefined {
  const cause = error instanceof NotStored ? error.cause : error;
  if (systemCode(cause) === undefined) return undefined;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new FieldsealError('OUTBOX_UNUSABLE', { detail, place: 'outbox.directory', cause });
}
