import type { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Tells of failures: the first of a kind as a warning, its repeats as a number. */
export class FailureLog {
  readonly #log: Log;
  #line: string | undefined;
  #repeats = 0;
  #attempts = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Failures since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  failed(error: FieldsealError): void {
    const line = error.toLine();
    this.#repeats = line === this.#line ? this.#repeats + 1 : 0;
    this.#line = line;
    this.#attempts += 1;
    const fields = error.toFields();
    if (this.#repeats === 0) this.#log.warn(fields, 'no connection to the broker');
    else this.#log.debug({ ...fields, repeats: this.#repeats }, 'still no connection to the broker');
  }

  succeeded(): void {
    this.#line = undefined;
    this.#repeats = 0;
    this.#attempts = 0;
  }
}
