import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** What makes a device node worth another try when it changes: which device it is, and who may open it. */
export type NodeMark = string;

const ABSENT: NodeMark = 'absent';

/** The mark of what a path names now, symbolic links followed. */
export async function nodeMark(path: string): Promise<NodeMark> {
  try {
    const { dev, ino, rdev, mode, uid, gid } = await stat(path);
    return [dev, ino, rdev, mode, uid, gid].join(' ');
  } catch {
    return ABSENT;
  }
}

/**
 * Resolves when the path no longer has the mark that it had: a device was plugged in, or udev granted access to one that
 * it made a moment before; or when `signal` aborts. /dev/serial/by-id exists only while there are serial devices, so
 * the nearest folder above that exists is watched. On a system that is out of inotify watches only `signal` ends it.
 */
export async function nodeChange(path: string, mark: NodeMark, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { folder, name } = await nearestFolder(path);
    const event = new FolderEvent(folder, (changed) => changed === name || changed === basename(folder));
    // Only now that the watch stands can nothing slip between the look and the wait.
    if ((await nodeMark(path)) === mark) await event.wait(signal);
    event.close();
    if ((await nodeMark(path)) !== mark) return;
  }
}

/** Resolves when a USB serial device appears in or vanishes from a folder of nodes, under whichever number, or when `signal` aborts. */
export async function usbNodeChange(folder: string, signal: AbortSignal): Promise<void> {
  // Others' reading and writing are events, too, but no comings and goings.
  const event = new FolderEvent(folder, (changed, type) => type === 'rename' && /^tty(ACM|USB)\d+$/.test(changed));
  await event.wait(signal);
  event.close();
}

/** One event in a folder. */
class FolderEvent {
  readonly #watcher: FSWatcher | undefined;
  #happened = false;
  #wake: () => void = () => {};

  /** @param counts whether an event of a name, or of the folder itself, is meant */
  constructor(folder: string, counts: (changed: string, type: string) => boolean) {
    try {
      this.#watcher = watch(folder, (type, changed) => {
        if (changed !== null && !counts(changed, type)) return;
        this.#happened = true;
        this.#wake();
      });
      this.#watcher.on('error', () => this.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#happened || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        signal.removeEventListener('abort', this.#wake);
        resolve();
      };
      signal.addEventListener('abort', this.#wake);
    });
  }

  close(): void {
    this.#watcher?.close();
  }
}

async function nearestFolder(path: string): Promise<{ folder: string; name: string }> {
  let name = basename(path);
  let folder = dirname(path);
  while (folder !== dirname(folder) && (await nodeMark(folder)) === ABSENT) {
    name = basename(folder);
    folder = dirname(folder);
  }
  return { folder, name };
}
