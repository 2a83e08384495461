import type { FileSystem, WrittenFile } from '../../daemon/outbox/index.ts';
import type { ModelDisk } from './model-disk.ts';

/**
 * What a failing operation does before it fails. `none`: nothing. `all`: everything, yet it fails. `lost`: what a folder's sync
 * should have made durable shows as if it were, and never is, as after a write error that the page cache has forgotten.
 */
export type Effect = 'none' | 'all' | 'lost';

export interface Fault {
  readonly code: 'ENOSPC' | 'EIO' | 'EROFS';
  readonly effect: Effect;
}

/** A model disk whose operations can be made to fail. */
export class FaultyDisk implements FileSystem {
  readonly disk: ModelDisk;
  /** Says what happens to the n-th operation that changes something, from 1 on. */
  readonly #faultAt: (operation: number) => Fault | undefined;
  /** Operations so far that change something. */
  operations = 0;
  /** How many failed. */
  failures = 0;

  constructor(disk: ModelDisk, faultAt: (operation: number) => Fault | undefined) {
    this.disk = disk;
    this.#faultAt = faultAt;
  }

  makeFolder(): Promise<void> {
    return this.#change(() => this.disk.makeFolder());
  }

  list(folder: string): Promise<string[]> {
    return this.disk.list(folder);
  }

  read(path: string): Promise<Uint8Array> {
    return this.disk.read(path);
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return this.#change(() => this.disk.write(path, bytes));
  }

  async create(path: string, bytes: Uint8Array): Promise<WrittenFile> {
    const file = await this.#change(() => this.disk.create(path, bytes));
    return { sync: () => this.#change(() => file.sync()), close: () => file.close() };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change(() => this.disk.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#change(() => this.disk.remove(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#change(
      () => this.disk.syncFolder(path),
      () => this.disk.loseUnsynced(path),
    );
  }

  async #change<T>(work: () => Promise<T>, lose: () => void = () => {}): Promise<T> {
    this.operations += 1;
    const fault = this.#faultAt(this.operations);
    if (fault === undefined) return work();
    if (fault.effect === 'all') await work();
    if (fault.effect === 'lost') lose();
    this.failures += 1;
    throw Object.assign(new Error(`${fault.code}: no good`), { code: fault.code });
  }
}
