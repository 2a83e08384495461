import { mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.ts';

/** A file that was just written. */
export interface WrittenFile {
  /** What was written is durable when this resolves. To be called once. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the outbox asks of a disk, in steps that a crash may fall between. Contents are durable once `write` resolves; that a
 * name stands, moved or went is durable once `syncFolder` of its folder resolves.
 */
export interface FileSystem {
  /** Makes a folder, and those above it, durably; one that exists is good. */
  makeFolder(path: string): Promise<void>;
  /** The names of the files in a folder, in any order. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Creates a file that must not exist, writes all of it and syncs it. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Creates a file that must not exist and writes all of it; durable only when it is synced. */
  create(path: string, bytes: Uint8Array): Promise<WrittenFile>;
  /** Renames a file, over another if there is one. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is gone is good. */
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

/** Proofs hold where a vehicle has been: they are for the daemon's eyes. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export const nodeFileSystem: FileSystem = {
  async makeFolder(path) {
    try {
      await mkdir(path, { mode: FOLDER_MODE });
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return;
      if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
      // Node's own recursive mkdir never returns where a file system takes no folders, such as below /proc.
      await this.makeFolder(dirname(path));
      await mkdir(path, { mode: FOLDER_MODE });
    }
    await this.syncFolder(dirname(path));
  },
  async list(folder) {
    const names: string[] = [];
    // A hundred thousand at once would be many times their names in memory.
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (!entry.isDirectory()) names.push(entry.name);
    }
    return names;
  },
  async read(path) {
    return readFile(path);
  },
  async write(path, bytes) {
    const file = await open(path, 'wx', FILE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async create(path, bytes) {
    const file = await open(path, 'wx', FILE_MODE);
    try {
      await file.writeFile(bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async syncFolder(path) {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
