import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Names of the set-up file. Windows hides the ending and editors there like to add one. */
export const SETUP_NAMES = [
  'fieldseal-setup.yaml',
  'fieldseal-setup.yml',
  'fieldseal-setup.txt',
  'fieldseal-setup.yaml.txt',
];

/** The FAT partition that every computer can read: the operator's letter box. Mounted for writing while this is in use. */
export class BootPartition {
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  has(name) {
    return existsSync(join(this.#folder, name));
  }

  read(name) {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  /**
   * On the card when it returns. Without a detour by another name: FAT has a file's size in its folder, and a renamed file is an
   * empty one until its entry has been written once more.
   */
  write(name, content) {
    const file = openSync(join(this.#folder, name), 'w');
    writeFileSync(file, content);
    fsyncSync(file);
    closeSync(file);
    this.#sync();
  }

  /** Overwrites and deletes. A card may keep the old block all the same: what must stay secret wants a token. */
  erase(name) {
    const path = join(this.#folder, name);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(fstatSync(file).size), 0, null, 0);
    fsyncSync(file);
    closeSync(file);
    unlinkSync(path);
    this.#sync();
  }

  #sync() {
    const folder = openSync(this.#folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}
