import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Prefix of files that a write left unfinished: whoever lists a folder passes them over and may delete them. */
export const UNFINISHED_PREFIX = '.unfinished-';

/**
 * Writes a whole file so that after a power cut it is there entirely or not at all: a new file, fsync, rename over the
 * old one, fsync of the folder.
 *
 * @throws the system's error (ENOSPC, EROFS, EIO, ...); the old file is then still in place.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  const unfinished = join(folder, `${UNFINISHED_PREFIX}${randomBytes(6).toString('hex')}`);
  try {
    await withFile(await open(unfinished, 'wx', mode), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes renames and deletions in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await withFile(await open(folder, 'r'), (handle) => handle.sync());
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
