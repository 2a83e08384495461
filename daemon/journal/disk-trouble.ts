import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { systemCode } from './sector-disk.ts';

/** A disk that fails is tried again after so long, and more rarely the longer it fails. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** What the disk last refused with, and when it is to be tried again. */
export class DiskTrouble {
  readonly #log: Log;
  readonly #monotonicNow: () => number;
  #error: FieldsealError | undefined;
  #retryAt = 0;
  #retryMs = RETRY_MIN_MS;
  /** How often the disk has refused. */
  failures = 0;

  constructor(log: Log, monotonicNow: () => number) {
    this.#log = log;
    this.#monotonicNow = monotonicNow;
  }

  /** Undefined while the disk is well. */
  get error(): FieldsealError | undefined {
    return this.#error;
  }

  /** Whether the disk may be asked: it is well, or has been left alone for long enough. */
  get mayTry(): boolean {
    return this.#error === undefined || this.#monotonicNow() >= this.#retryAt;
  }

  /** A disk that fails is lived with. @throws what is no system error: that is a bug */
  note(cause: unknown): void {
    if (systemCode(cause) === undefined || cause instanceof FieldsealError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    const error = new FieldsealError('JOURNAL_UNUSABLE', { detail, place: 'outbox.directory', cause });
    if (this.#error === undefined) {
      this.#log.error(error.toFields(), 'readings are kept in memory alone until they are sealed');
    }
    this.#error = error;
    this.failures += 1;
    this.#retryAt = this.#monotonicNow() + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
  }

  /** The disk takes what it is given. */
  over(): void {
    if (this.#error === undefined) return;
    this.#error = undefined;
    this.#retryMs = RETRY_MIN_MS;
    this.#log.info({}, 'readings are kept on the disk again');
  }
}
