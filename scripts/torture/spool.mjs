import { mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

const DIGEST = /([0-9a-f]{64})\.cose$/;

/** Watches an outbox from outside: every proof that was ever stored in it, whatever became of the daemon and the proof. */
export class Spool {
  /** Digest to when it was first seen, ms since the Unix epoch. */
  stored = new Map();
  #folder;
  #watcher;

  constructor(outbox) {
    this.#folder = join(outbox, 'spool');
    mkdirSync(this.#folder, { recursive: true });
    this.#watcher = watch(this.#folder, (_, name) => this.#note(name ?? ''));
  }

  /** How many proofs wait for their receipts. */
  waiting() {
    const names = readdirSync(this.#folder);
    for (const name of names) this.#note(name);
    return names.filter((name) => DIGEST.test(name)).length;
  }

  close() {
    this.#watcher.close();
  }

  #note(name) {
    const digest = DIGEST.exec(name)?.[1];
    if (digest !== undefined && !this.stored.has(digest)) this.stored.set(digest, Date.now());
  }
}
