import { basename, dirname } from 'node:path';
import type { FileSystem, WrittenFile } from '../../daemon/outbox/index.ts';

/** The power goes. It is no system error, so nobody may take it for one. */
export class PowerCut extends Error {}

type Names = Map<string, Uint8Array>;

interface Change {
  /** Folders whose sync makes it durable. */
  readonly folders: readonly string[];
  apply(names: Names): void;
}

/**
 * A disk that keeps what was synced and may lose the rest, as a journaling file system does: contents are durable when `write`
 * has ended; changes of names become durable in their order, and a sync of a folder takes with it all that came before.
 * It can be told to lose power before its n-th operation.
 */
export class ModelDisk implements FileSystem {
  /** Operations so far. */
  operations = 0;
  readonly #durable: Names;
  readonly #now: Names;
  /** Contents of which a power cut may leave a half, whatever their names are by then. */
  readonly #unsynced = new Set<Uint8Array>();
  #journal: Change[] = [];
  readonly #cutAt: number;

  constructor(cutAt = Number.POSITIVE_INFINITY, durable: Names = new Map()) {
    this.#cutAt = cutAt;
    this.#durable = new Map(durable);
    this.#now = new Map(durable);
  }

  /** How many changes of names a power cut now may lose. */
  get unsynced(): number {
    return this.#journal.length;
  }

  /** What is on the disk after a power cut that let the first `kept` unsynced changes through. */
  afterCut(kept: number): Names {
    const names = new Map(this.#durable);
    for (const change of this.#journal.slice(0, kept)) change.apply(names);
    for (const [path, bytes] of names) {
      if (this.#unsynced.has(bytes)) names.set(path, bytes.slice(0, bytes.length / 2));
    }
    return names;
  }

  async makeFolder(): Promise<void> {
    this.#step();
  }

  async list(folder: string): Promise<string[]> {
    this.#step();
    return [...this.#now.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
  }

  async read(path: string): Promise<Uint8Array> {
    this.#step();
    return this.#existing(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    // The power may go when a part is written.
    this.#change([dirname(path)], (names) => names.set(path, bytes.slice(0, bytes.length / 2)));
    this.#step();
    this.#journal.pop();
    this.#change([dirname(path)], (names) => names.set(path, bytes.slice()));
  }

  async create(path: string, bytes: Uint8Array): Promise<WrittenFile> {
    const contents = bytes.slice();
    this.#unsynced.add(contents);
    this.#change([dirname(path)], (names) => names.set(path, contents));
    this.#step();
    return {
      sync: async () => {
        this.#step();
        this.#unsynced.delete(contents);
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const bytes = this.#existing(from);
    this.#change([dirname(from), dirname(to)], (names) => {
      names.delete(from);
      names.set(to, bytes);
    });
  }

  async remove(path: string): Promise<void> {
    this.#step();
    this.#change([dirname(path)], (names) => names.delete(path));
  }

  async syncFolder(path: string): Promise<void> {
    this.#step();
    const last = this.#journal.findLastIndex((change) => change.folders.includes(path));
    for (const change of this.#journal.splice(0, last + 1)) change.apply(this.#durable);
  }

  /** A sync fails, and what it should have made durable is forgotten: it shows until the power goes, and no later sync saves it. */
  loseUnsynced(path: string): void {
    const last = this.#journal.findLastIndex((change) => change.folders.includes(path));
    this.#journal.splice(0, last + 1);
  }

  #existing(path: string): Uint8Array {
    const bytes = this.#now.get(path);
    if (bytes === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return bytes;
  }

  #change(folders: string[], apply: (names: Names) => unknown): void {
    apply(this.#now);
    this.#journal.push({ folders, apply: (names) => void apply(names) });
  }

  #step(): void {
    this.operations += 1;
    if (this.operations >= this.#cutAt) throw new PowerCut();
  }
}
