import { basename, dirname } from 'node:path';
import type { SectorDisk, SectorFile } from '../../daemon/journal/index.ts';
import { ModelDisk, PowerCut } from '../outbox/model-disk.ts';

const SECTOR = 512;

/** Which sectors of a write that was under way are on the disk after the power has gone; `torn`: half of the last one as well. */
export type Landed = 'none' | 'all' | 'even' | 'odd' | 'torn';
export const LANDINGS: readonly Landed[] = ['none', 'all', 'even', 'odd', 'torn'];

interface UnderWay {
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * The journal's part of a model disk, with which it shares its operations: a write is durable when it has ended; of one that is
 * under way when the power goes, any of its sectors may have landed. A file that was removed may be there again.
 */
export class ModelSectors implements SectorDisk {
  readonly #disk: ModelDisk;
  readonly #files = new Map<string, Uint8Array>();
  readonly #removed = new Map<string, Uint8Array>();
  #underWay: UnderWay | undefined;
  /** Fails every write and creation with this code while it is set. */
  fault: string | undefined;
  writes = 0;
  /** How often something was asked that was to change the disk. */
  attempts = 0;

  constructor(disk: ModelDisk = new ModelDisk(), files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#disk = disk;
    for (const [path, bytes] of files) this.#files.set(path, bytes.slice());
  }

  /** Whether a write was under way when the power went. */
  get isTorn(): boolean {
    return this.#underWay !== undefined;
  }

  /** What is on the disk after the power has gone. */
  afterCut(landed: Landed = 'all', withRemoved = false): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    for (const [path, bytes] of this.#files) files.set(path, bytes.slice());
    if (withRemoved) for (const [path, bytes] of this.#removed) if (!files.has(path)) files.set(path, bytes);
    if (this.#underWay === undefined || landed === 'none') return files;
    const { path, offset, bytes } = this.#underWay;
    const file = files.get(path) ?? new Uint8Array(0);
    const count = bytes.length / SECTOR;
    for (let i = 0; i < count; i++) {
      const isTorn = landed === 'torn' && i === count - 1;
      if ((landed === 'even' && i % 2 === 1) || (landed === 'odd' && i % 2 === 0)) continue;
      file.set(bytes.subarray(i * SECTOR, i * SECTOR + (isTorn ? SECTOR / 2 : SECTOR)), offset + i * SECTOR);
    }
    files.set(path, file);
    return files;
  }

  /** Files in it, to be looked at and damaged. */
  get files(): Map<string, Uint8Array> {
    return this.#files;
  }

  async makeFolder(): Promise<void> {
    this.#check();
    await this.#disk.makeFolder();
  }

  async list(folder: string): Promise<string[]> {
    await this.#disk.makeFolder();
    return [...this.#files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path));
  }

  async read(path: string): Promise<Uint8Array> {
    await this.#disk.makeFolder();
    return this.#existing(path).slice();
  }

  async create(path: string, bytes: number): Promise<void> {
    this.#check();
    if (this.#files.has(path)) throw Object.assign(new Error('EEXIST: there already'), { code: 'EEXIST' });
    // The name may be there before all of its bytes are.
    this.#files.set(path, new Uint8Array(bytes / 2));
    await this.#disk.makeFolder();
    this.#files.set(path, new Uint8Array(bytes));
  }

  async open(path: string): Promise<SectorFile> {
    await this.#disk.makeFolder();
    this.#existing(path);
    return {
      sectorBytes: SECTOR,
      write: (offset, bytes) => this.#write({ path, offset, bytes: bytes.slice() }),
      close: async () => {},
    };
  }

  async remove(path: string): Promise<void> {
    await this.#disk.makeFolder();
    const bytes = this.#files.get(path);
    if (bytes !== undefined) this.#removed.set(path, bytes);
    this.#files.delete(path);
  }

  async #write(write: UnderWay): Promise<void> {
    this.#check();
    if (write.offset % SECTOR !== 0 || write.bytes.length % SECTOR !== 0) throw new RangeError('not whole sectors');
    this.#underWay = write;
    this.writes += 1;
    await this.#disk.makeFolder();
    this.#existing(write.path).set(write.bytes, write.offset);
    this.#underWay = undefined;
  }

  #check(): void {
    this.attempts += 1;
    if (this.fault !== undefined) throw Object.assign(new Error(`${this.fault}: no good`), { code: this.fault });
  }

  #existing(path: string): Uint8Array {
    const bytes = this.#files.get(path);
    if (bytes === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return bytes;
  }
}

export { ModelDisk, PowerCut };
