import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const PERIOD_MS = 100;

/**
 * Writes and syncs a little, again and again, beside the daemon: a machine or a disk that keeps this waiting keeps the daemon
 * waiting as well.
 */
export class Pace {
  /** Each turn: when it was due, and when it was done, ms since the Unix epoch. */
  #turns = [];
  #path;

  constructor(folder) {
    this.#path = join(folder, 'pace');
  }

  async run(signal) {
    const file = await open(this.#path, 'w');
    while (!signal.aborted) {
      const due = Date.now() + PERIOD_MS;
      await wait(PERIOD_MS);
      await file.write('.', 0);
      await file.datasync();
      this.#turns.push({ due, done: Date.now() });
    }
    await file.close();
    await rm(this.#path);
  }

  /** How long a turn took at most between two times. */
  worstBetween(from, to) {
    const some = this.#turns.filter(({ due, done }) => done >= from && due <= to);
    return some.reduce((worst, { due, done }) => Math.max(worst, done - due), 0);
  }
}
