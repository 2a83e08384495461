import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';

const SECTOR = 512;

/** A copy of an image, as a card of `bytes`. Its boot partition is read and written from outside by mtools. */
export class Card {
  constructor(image, folder, bytes) {
    this.file = join(folder, 'card.img');
    execFileSync('cp', ['--sparse=always', '--reflink=auto', image, this.file]);
    truncateSync(this.file, bytes);
    this.boot = `${this.file}@@${this.partitions()[0].start * SECTOR}`;
  }

  /** Start and size, in sectors. */
  partitions() {
    return JSON.parse(execFileSync('sfdisk', ['--json', this.file], { encoding: 'utf8' })).partitiontable.partitions;
  }

  put(file, name) {
    execFileSync('mcopy', ['-o', '-i', this.boot, file, `::${name}`]);
  }

  /** A file of the boot partition, or undefined where there is none (or not yet). */
  get(name) {
    try {
      return execFileSync('mcopy', ['-n', '-i', this.boot, `::${name}`, '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return undefined;
    }
  }

  names() {
    const listing = execFileSync('mdir', ['-b', '-i', this.boot, '::'], { encoding: 'utf8' });
    return listing.split('\n').map((line) => line.replace('::/', ''));
  }
}
