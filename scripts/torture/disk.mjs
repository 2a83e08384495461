import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../test/support/failing-disk.c', import.meta.url));
const EVERYTHING = 'open,write,sync,rename,unlink,mkdir';
/** errno(3), and the operations that fail with it. */
const TROUBLES = [`28 ${EVERYTHING}`, `30 ${EVERYTHING}`, '5 sync', '5 write', '28 write', '5 rename,unlink'];

/** A disk that fails now and then, for whoever is started with `env` and keeps its files in the folder. */
export class FailingDisk {
  env;
  /** When it failed: from and to, ms since the Unix epoch. */
  spells = [];
  #control;
  #count;

  constructor(site, outbox) {
    const library = join(site, 'failing-disk.so');
    this.#control = join(site, 'disk-trouble');
    this.#count = join(site, 'disk-failures');
    execFileSync('cc', [
      '-D_GNU_SOURCE',
      '-O1',
      '-shared',
      '-fPIC',
      '-fvisibility=hidden',
      '-o',
      library,
      SOURCE,
      '-ldl',
    ]);
    this.env = {
      LD_PRELOAD: library,
      FAILING_DISK_FOLDER: outbox,
      FAILING_DISK_CONTROL: this.#control,
      FAILING_DISK_COUNT: this.#count,
    };
  }

  /** Calls that it made fail. */
  get failures() {
    return existsSync(this.#count) ? statSync(this.#count).size : 0;
  }

  async fail(chance, afterMs, forMs) {
    const trouble = TROUBLES[chance.between(0, TROUBLES.length - 1)];
    await wait(afterMs);
    const spell = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.spells.push(spell);
    writeFileSync(this.#control, trouble);
    await wait(forMs);
    rmSync(this.#control);
    spell.to = Date.now();
  }
}
