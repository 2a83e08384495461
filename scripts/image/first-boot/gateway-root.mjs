import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The gateway's own files. Paths are those that the gateway knows; `root` is `/`, but in tests. */
export class GatewayRoot {
  #root;
  #run;

  constructor(root, run) {
    this.#root = root;
    this.#run = run;
  }

  /** Where a path of the gateway really is. */
  at(path) {
    return join(this.#root, path);
  }

  has(path) {
    return existsSync(this.at(path));
  }

  /** Writes a file whole or not at all; it is on the disk, with its mode and owner, when this returns its place. */
  place({ path, text, mode, owner, group }) {
    const target = this.at(path);
    this.#makeFolder(dirname(path), owner, group);
    const half = `${target}.half`;
    rmSync(half, { force: true });
    const file = openSync(half, 'wx', 0o600);
    writeFileSync(file, text);
    fsyncSync(file);
    closeSync(file);
    this.give(`${path}.half`, { mode, owner, group });
    this.move(`${path}.half`, path);
    return target;
  }

  give(path, { mode, owner, group }) {
    const { code, stderr } = this.#run('chown', [`${owner}:${group}`, this.at(path)]);
    if (code !== 0) throw new Error(`chown ${path}: ${stderr.trim()}`);
    chmodSync(this.at(path), mode);
  }

  move(from, to) {
    renameSync(this.at(from), this.at(to));
    const folder = openSync(this.at(dirname(to)), 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  /** Where a file may be made anew: its folder is there, the file is not. */
  clear(path) {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    rmSync(this.at(path), { force: true });
    return this.at(path);
  }

  /** A folder of root is left as it is; one within a home belongs to whom the file in it belongs to. */
  #makeFolder(path, owner, group) {
    if (this.has(path)) return;
    mkdirSync(this.at(path), { recursive: true, mode: 0o755 });
    if (owner !== 'root') this.give(path, { mode: 0o700, owner, group });
  }
}
