import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.ts';
import { syncFolder } from '../files.ts';

/** A file that is overwritten in place, sector by sector. */
export interface SectorFile {
  /** Every write begins at a multiple of this many bytes, and is one long. */
  readonly sectorBytes: number;
  /** Writes over what is there. It is durable when this resolves; when it rejects, nobody knows what the sectors hold. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** What the journal asks of a disk, in steps that a crash may fall between. */
export interface SectorDisk {
  /** Makes a folder, durably; one that exists is good. */
  makeFolder(path: string): Promise<void>;
  /** Names of the files in a folder, in any order; none where there is no folder. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Makes a file of so many zero bytes, all of them allocated and written; durable, name and all, when this resolves. */
  create(path: string, bytes: number): Promise<void>;
  open(path: string): Promise<SectorFile>;
  /** Removes a file; one that is gone is good. It may be there again after a power cut. */
  remove(path: string): Promise<void>;
}

/** The most that one write takes. */
export const MAX_WRITE = 65_536;
/** Readings hold where a vehicle has been: they are for the daemon's eyes. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Logical block sizes that disks have. */
const SECTOR_SIZES = [512, 4_096] as const;
const PAGE = 4_096;
/** No allocator aligns to less. */
const ALIGNMENT = 16;

/**
 * The real disk. Writes go past the page cache (open(2), O_DIRECT), because a page is eight sectors, and a card wears by what it is
 * given to write. Where a file system does not do that, they go through it, and a sector is written as a page.
 */
export const nodeSectorDisk: SectorDisk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    await syncFolder(dirname(path));
  },
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  },
  read: (path) => readFile(path),
  async create(path, bytes) {
    const file = await open(path, 'wx', FILE_MODE);
    try {
      // Really written: what is only reserved has its metadata changed by each first write.
      await file.writeFile(Buffer.alloc(bytes));
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
  },
  async open(path) {
    return (await openDirect(path)) ?? new NodeSectorFile(await open(path, constants.O_RDWR | constants.O_DSYNC));
  },
  async remove(path) {
    await rm(path, { force: true });
  },
};

class NodeSectorFile implements SectorFile {
  readonly sectorBytes: number;
  readonly #file: FileHandle;
  /** Lies where the disk's controller can fetch it. */
  readonly #window: Buffer | undefined;

  constructor(file: FileHandle, direct?: { readonly sectorBytes: number; readonly window: Buffer }) {
    this.#file = file;
    this.sectorBytes = direct?.sectorBytes ?? SECTOR_SIZES[0];
    this.#window = direct?.window;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    const window = this.#window?.subarray(0, bytes.length);
    window?.set(bytes);
    const { bytesWritten } = await this.#file.write(window ?? bytes, 0, bytes.length, offset);
    if (bytesWritten !== bytes.length) throw Object.assign(new Error('ENOSPC: a short write'), { code: 'ENOSPC' });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Undefined where the file system does not do it. */
async function openDirect(path: string): Promise<SectorFile | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC);
  } catch (error) {
    if (systemCode(error) === 'EINVAL') return undefined;
    throw error;
  }
  const direct = await findAlignment(file).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  if (direct !== undefined) return new NodeSectorFile(file, direct);
  await file.close();
  return undefined;
}

/**
 * Which sector size and place in memory the disk takes; found by reading, which asks for the same as writing does. Each for itself:
 * what lies within one page of memory may lie anywhere in it, what goes beyond may not.
 */
async function findAlignment(file: FileHandle): Promise<{ sectorBytes: number; window: Buffer } | undefined> {
  const memory = Buffer.alloc(MAX_WRITE + PAGE);
  for (const sectorBytes of SECTOR_SIZES) {
    for (let shift = 0; shift < PAGE; shift += ALIGNMENT) {
      try {
        for (const length of [sectorBytes, MAX_WRITE]) await file.read(memory, shift, length, 0);
        return { sectorBytes, window: memory.subarray(shift, shift + MAX_WRITE) };
      } catch (error) {
        if (systemCode(error) !== 'EINVAL') throw error;
      }
    }
  }
  return undefined;
}
