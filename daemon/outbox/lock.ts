import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { FieldsealError, systemCode } from '../errors.ts';

/** Keeps a second daemon out of a folder. */
export interface Lock {
  /** @throws FieldsealError OUTBOX_LOCKED while another process holds the folder */
  take(folder: string): Promise<void>;
  release(): Promise<void>;
}

/**
 * Keeps a second daemon out of a folder: a socket in Linux's abstract namespace (unix(7)), named after the folder's device
 * and inode. The kernel lets one process bind the name and frees it when that process ends, however it ends, so there is no
 * stale lock to judge after a crash. It tells whoever knocks which process holds it.
 */
export class FolderLock implements Lock {
  #server: Server | undefined;

  async take(folder: string): Promise<void> {
    const address = await addressOf(folder);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    try {
      server.listen(address);
      await once(server, 'listening');
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') throw error;
      const detail = `${folder} is held by process ${(await holderOf(address)) ?? 'unknown'}`;
      throw new FieldsealError('OUTBOX_LOCKED', { detail, place: 'outbox.directory' });
    }
    server.unref();
    this.#server = server;
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
}

/** Which process holds a folder: its id, or "unknown" where it is too busy to say; undefined where none does. */
export async function findHolder(folder: string): Promise<string | undefined> {
  let address: string;
  try {
    address = await addressOf(folder);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  return holderOf(address);
}

async function addressOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder);
  return `\0fieldseal-outbox-${dev}-${ino}`;
}

async function holderOf(address: string): Promise<string | undefined> {
  const socket = connect(address);
  let isThere = false;
  socket.on('connect', () => {
    isThere = true;
  });
  socket.setTimeout(500, () => socket.destroy());
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('utf8');
  });
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve(/^\d+$/.test(said) ? said : isThere ? 'unknown' : undefined));
  });
}
