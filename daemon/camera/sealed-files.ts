import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FieldsealError, reasonOf } from '../errors.ts';
import { FileTrouble } from '../file-trouble.ts';
import { writeDurably } from '../files.ts';
import type { Log } from '../log.ts';
import { type FileMark, isSameContent, type SeenFile } from './file-mark.ts';

/** Files that are remembered one by one; of more, the oldest are remembered by their time alone. */
const MAX_FILES = 50_000;
/** So many more are forgotten at once, so that the journal is not written anew for each. */
const FORGET = 5_000;
const SLACK_LINES = 1_000;
/** A clock that shows an earlier time has not been set yet: nothing is judged old by it. */
const CLOCK_IS_SET = Date.UTC(2024, 0);

const line = z.union([
  z.tuple([z.string(), z.string(), z.int().nonnegative(), z.string(), z.number()]),
  z.strictObject({ horizon: z.number() }),
]);

interface Entry extends FileMark {
  readonly changed: number;
  /** Its reading is on the disk, so the journal may say so. */
  isStored: boolean;
}

/**
 * Which files need no more sealing: a journal, one line a file. A line is written when the file's reading is in a stored proof, so
 * that a crash has a file sealed twice rather than never. What can't be read of the journal counts as never written; what the disk
 * does not take is known in memory alone, until it does.
 */
export class SealedFiles {
  readonly #file: string;
  readonly #byName = new Map<string, Entry>();
  readonly #byContent = new Map<string, Entry>();
  readonly #trouble: FileTrouble;
  #horizon = 0;
  #lines = 0;
  /** Stored, and yet to be written. */
  #pending: Entry[] = [];
  /** Nobody knows what of the journal is on the disk: it is written anew, as a file of its own. */
  #isStale = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#trouble = new FileTrouble({
      place: file,
      fails: 'which files are sealed is known in memory alone: a crash would have them sealed again',
      heals: 'which files are sealed is on the disk again',
      log,
    });
  }

  /** Why the disk has not all of it; undefined while it has. */
  get trouble(): string | undefined {
    return this.#trouble.line;
  }

  /** When to `write` again, in milliseconds from now; undefined while nothing has failed. */
  get retryInMs(): number | undefined {
    return this.#trouble.retryInMs;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** @throws FieldsealError FILE_NOT_READABLE */
  async open(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
      throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: this.#file, cause });
    }
    for (const one of text.split('\n')) {
      const { data } = line.safeParse(parse(one));
      if (data === undefined) continue;
      if ('horizon' in data) this.#horizon = Math.max(this.#horizon, data.horizon);
      else {
        const [name, inode, size, modifiedNs, changed] = data;
        this.#put({ name, inode, size, modifiedNs, changed, isStored: true });
      }
    }
    // A torn line at the end must not swallow the next one.
    this.#trim();
    this.#isStale = true;
    await this.write();
  }

  /** Whether the file is dealt with as it is, under this name. */
  has(file: SeenFile): boolean {
    const known = this.#byName.get(file.name);
    // Inodes are no help here: FAT gives its files new ones at every mount.
    if (known !== undefined) return known.size === file.size && known.modifiedNs === file.modifiedNs;
    return file.changed <= this.#horizon && file.changed >= CLOCK_IS_SET;
  }

  /** Whether the file is dealt with as it is, under whichever name. */
  hasContent(file: SeenFile): boolean {
    return this.#byContent.has(contentKey(file));
  }

  /** The name under which the same content was dealt with; for the caller to see whether the file was renamed. */
  formerName(file: SeenFile): string | undefined {
    const known = this.#byContent.get(contentKey(file));
    return known !== undefined && isSameContent(known, file) && known.name !== file.name ? known.name : undefined;
  }

  /** The file is dealt with for this run; for the next ones too, once `store` is called. */
  add(file: SeenFile): void {
    const { name, inode, size, modifiedNs, changed } = file;
    this.#put({ name, inode, size, modifiedNs, changed, isStored: false });
  }

  /** Files that were added are dealt with for good. */
  async store(files: readonly FileMark[]): Promise<void> {
    for (const file of files) {
      const entry = this.#byName.get(file.name);
      // It was written again since, and that is yet to be sealed.
      if (entry === undefined || !isSameContent(entry, file)) continue;
      entry.isStored = true;
      this.#pending.push(entry);
    }
    await this.write();
  }

  /**
   * Brings to the disk what is not there yet, unless it has refused just now.
   *
   * @param isLast there is no later: it is asked all the same
   */
  write(isLast = false): Promise<void> {
    const done = this.#writing.then(() => this.#write(isLast));
    this.#writing = done.catch(() => {});
    return done;
  }

  /** A sealed file has a new name. */
  async rename(from: string, file: SeenFile): Promise<void> {
    const isStored = this.#byName.get(from)?.isStored ?? false;
    this.#forget(from);
    this.add(file);
    if (isStored) await this.store([file]);
  }

  #put(entry: Entry): void {
    this.#forget(entry.name);
    this.#byName.set(entry.name, entry);
    this.#byContent.set(contentKey(entry), entry);
  }

  /** Forgets the oldest files one by one where there are too many; what no proof has yet is kept. */
  #trim(): boolean {
    if (this.#byName.size <= MAX_FILES) return false;
    const stored = [...this.#byName.values()].filter(({ isStored }) => isStored);
    const surplus = this.#byName.size - MAX_FILES + FORGET;
    for (const { name, changed } of stored.sort((a, b) => a.changed - b.changed).slice(0, surplus)) {
      this.#horizon = Math.max(this.#horizon, changed);
      this.#forget(name);
    }
    return true;
  }

  #forget(name: string): void {
    const entry = this.#byName.get(name);
    if (entry === undefined) return;
    this.#byName.delete(name);
    if (this.#byContent.get(contentKey(entry)) === entry) this.#byContent.delete(contentKey(entry));
  }

  async #write(isLast: boolean): Promise<void> {
    if ((this.#pending.length === 0 && !this.#isStale) || !(isLast || this.#trouble.mayTry)) return;
    const entries = this.#pending;
    this.#pending = [];
    this.#lines += entries.length;
    try {
      if (this.#trim() || this.#isStale || this.#lines > 2 * this.#byName.size + SLACK_LINES) await this.#rewrite();
      else await appendFile(this.#file, entries.map(lineOf).join(''), { mode: 0o600 });
      this.#isStale = false;
    } catch (cause) {
      this.#isStale = true;
      return this.#trouble.note(cause);
    }
    this.#trouble.over();
  }

  async #rewrite(): Promise<void> {
    const stored = [...this.#byName.values()].filter(({ isStored }) => isStored);
    this.#lines = stored.length;
    const head = `${JSON.stringify({ horizon: this.#horizon })}\n`;
    await writeDurably(this.#file, head + stored.map(lineOf).join(''), 0o600);
  }
}

const contentKey = ({ inode, size, modifiedNs }: FileMark): string => `${inode} ${size} ${modifiedNs}`;

const lineOf = ({ name, inode, size, modifiedNs, changed }: Entry): string =>
  `${JSON.stringify([name, inode, size, modifiedNs, changed])}\n`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
