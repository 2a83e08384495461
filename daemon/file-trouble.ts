import { Backoff } from './backoff.ts';
import { type ErrorCode, FieldsealError, reasonOf, systemCode } from './errors.ts';
import type { Log } from './log.ts';

/** A disk that fails is tried again after so long, and more rarely the longer it fails. */
const RETRY = { minMs: 1_000, maxMs: 30_000, floor: 0.5 };
/** What an operator has to mend: no disk gets well of these by itself. */
const LASTING = new Set(['EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);

export interface FileTroubleParts {
  /** The file or folder. */
  readonly place: string;
  /** What it means that it cannot be written, and that it can again: the log's phrases. */
  readonly fails: string;
  readonly heals: string;
  readonly log: Log;
  /** What it is called, where there is a better name. */
  readonly code?: ErrorCode;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** What the disk last refused a file with, and when it is to be tried again. What is to be written waits in memory meanwhile. */
export class FileTrouble {
  readonly #parts: FileTroubleParts;
  readonly #backoff = new Backoff(RETRY);
  #error: FieldsealError | undefined;
  #retryAt = 0;
  /** How often the disk has refused. */
  failures = 0;

  constructor(parts: FileTroubleParts) {
    this.#parts = parts;
  }

  /** `CODE place: what happened`; undefined while the disk is well. */
  get line(): string | undefined {
    return this.#error?.toLine();
  }

  /** Milliseconds until the disk is to be tried again: none once that time has come; undefined while it is well. */
  get retryInMs(): number | undefined {
    return this.#error === undefined ? undefined : Math.max(0, this.#retryAt - this.#now());
  }

  /** Whether the disk may be asked: it is well, or was left alone for long enough. */
  get mayTry(): boolean {
    return (this.retryInMs ?? 0) === 0;
  }

  /** A disk that fails is lived with, and told of once. @throws what is no system error: that is a bug */
  note(cause: unknown): void {
    if (systemCode(cause) === undefined) throw cause;
    const { place, fails, log, code } = this.#parts;
    const error = unwritable(place, cause, code);
    if (this.#error === undefined) log.error(error.toFields(), fails);
    this.#error = error;
    this.failures += 1;
    this.#retryAt = this.#now() + this.#backoff.next();
  }

  /** The disk takes what it is given. */
  over(): void {
    if (this.#error === undefined) return;
    this.#error = undefined;
    this.#backoff.reset();
    this.#parts.log.info({ place: this.#parts.place }, this.#parts.heals);
  }

  #now(): number {
    return (this.#parts.now ?? performance.now.bind(performance))();
  }
}

/** Whether the system refused something for a reason that time may mend, as a full or failing disk is. */
export const mayPass = (cause: unknown): boolean => !LASTING.has(systemCode(cause) ?? 'EPERM');

export const unwritable = (place: string, cause: unknown, code: ErrorCode = 'FILE_NOT_WRITABLE'): FieldsealError =>
  new FieldsealError(code, { detail: reasonOf(cause), place, cause });
