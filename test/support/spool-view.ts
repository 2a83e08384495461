import { type FSWatcher, mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { untilChange } from './until.ts';

const PROOF = /-(\d{10})-([0-9a-f]{64})\.cose$/;

/** A proof that was stored in the spool. */
export interface Sealed {
  readonly seq: number;
  readonly digest: string;
}

/** Watches an outbox from outside: every proof that was ever stored in it, whatever became of the daemon and the proof. */
export class SpoolView {
  readonly #spool: string;
  readonly #quarantine: string;
  readonly #watcher: FSWatcher;
  readonly #sealed = new Map<string, Sealed>();
  readonly #listeners = { begun: new Set<() => void>(), stored: new Set<() => void>() };

  /** @param outbox the outbox's folder, which it makes */
  constructor(outbox: string) {
    this.#spool = join(outbox, 'spool');
    this.#quarantine = join(outbox, 'quarantine');
    mkdirSync(this.#spool, { recursive: true });
    this.#watcher = watch(this.#spool, (_, name) => {
      if (name === null) return;
      if (name.startsWith('.unfinished-')) this.#tell('begun');
      this.#note(name);
    });
  }

  /** Every proof that was ever stored, in chain order. */
  sealed(): Sealed[] {
    for (const name of this.waiting()) this.#note(name);
    return [...this.#sealed.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Files that wait for a receipt now. */
  waiting(): string[] {
    return readdirSync(this.#spool);
  }

  quarantined(): string[] {
    return readdirSync(this.#quarantine);
  }

  /** Resolves at the `nth` proof from now on whose writing has begun, or that is stored. */
  async next(step: 'begun' | 'stored', nth: number): Promise<void> {
    let left = nth;
    await new Promise<void>((resolve) => {
      const listener = () => {
        left -= 1;
        if (left > 0) return;
        this.#listeners[step].delete(listener);
        resolve();
      };
      this.#listeners[step].add(listener);
    });
  }

  /** Resolves when nothing waits. */
  async empty(): Promise<void> {
    await untilChange(this.#spool, () => (this.waiting().length === 0 ? true : undefined), {
      what: () => `the spool to empty, where ${this.waiting().length} proofs wait`,
    });
  }

  close(): void {
    this.#watcher.close();
  }

  #note(name: string): void {
    const [, seq, digest] = PROOF.exec(name) ?? [];
    if (digest === undefined || this.#sealed.has(digest)) return;
    this.#sealed.set(digest, { seq: Number(seq), digest });
    this.#tell('stored');
  }

  #tell(step: 'begun' | 'stored'): void {
    for (const listener of [...this.#listeners[step]]) listener();
  }
}
