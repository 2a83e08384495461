import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';

const MAX_DEPTH = 16;
/** inotify's own default is 8192 watches for everything that a user runs. */
const MAX_WATCHED = 1_024;
const MAX_TOUCHED = 4_096;

/** What a walk through the tree found. */
export interface Walk {
  /** Paths of files below the root, with "/". */
  readonly files: ReadonlySet<string>;
  /** Why the root can't be read; undefined where it can. */
  readonly trouble: string | undefined;
}

/**
 * A folder and those below it: what is in it, and, by inotify (inotify(7)), which names were touched. Hidden folders and links are
 * passed over. inotify tells neither of a full queue nor of what happens on another host, so whoever relies on it walks now and then.
 */
export class FolderTree {
  readonly #root: string;
  readonly #onTouch: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #touched = new Set<string>();
  /** Every folder is watched, and no name was lost. */
  isComplete = true;

  constructor(root: string, onTouch: () => void) {
    this.#root = root;
    this.#onTouch = onTouch;
  }

  isWatched(folder: string): boolean {
    return this.#watchers.has(folder);
  }

  get isTouched(): boolean {
    return this.#touched.size > 0;
  }

  /** The names touched since it was last asked, files and folders. */
  takeTouched(): string[] {
    const names = [...this.#touched];
    this.#touched.clear();
    return names;
  }

  /** Lists every file, and watches every folder on the way, each before it is listed so that nothing falls between. */
  async walk(signal: AbortSignal): Promise<Walk> {
    this.isComplete = true;
    // What the root's path leads to may be another disk than before.
    this.#unwatch('');
    const files = new Set<string>();
    const folders = [''];
    const visited = new Set<string>();
    let trouble: string | undefined;
    for (let folder = folders.pop(); folder !== undefined && !signal.aborted; folder = folders.pop()) {
      this.#watch(folder);
      visited.add(folder);
      try {
        for (const entry of await readdir(join(this.#root, folder), { withFileTypes: true })) {
          const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
          if (entry.isDirectory()) {
            if (!entry.name.startsWith('.') && name.split('/').length <= MAX_DEPTH) folders.push(name);
          } else if (entry.isFile()) files.add(name);
        }
      } catch (error) {
        // A folder below may be gone by now, or closed to us; then its files are.
        if (folder === '') trouble = reasonOf(error);
        this.#unwatch(folder);
      }
    }
    for (const folder of this.#watchers.keys()) if (!visited.has(folder)) this.#unwatch(folder);
    return { files, trouble };
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#unwatch(folder);
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    if (this.#watchers.size >= MAX_WATCHED) {
      this.isComplete = false;
      return;
    }
    try {
      const watcher = watch(join(this.#root, folder), { persistent: false }, (_event, name) => {
        if (name === null || this.#touched.size >= MAX_TOUCHED) this.isComplete = false;
        else this.#touched.add(folder === '' ? name : `${folder}/${name}`);
        this.#onTouch();
      });
      watcher.on('error', () => {
        this.isComplete = false;
        this.#unwatch(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // No more watches, or a folder that is gone: walking finds what there is.
      this.isComplete = false;
    }
  }

  #unwatch(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
