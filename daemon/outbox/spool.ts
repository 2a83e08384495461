import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemCode } from '../errors.ts';
import { entryOfName, isEntryName, nameOf, type OutboxEntry } from './entry.ts';
import type { FileSystem } from './file-system.ts';

const UNFINISHED = '.unfinished-';
const STORED = '.cose';
const RETIRED = '.done';

/** Why a stored proof can't be sent. */
export interface Corrupt {
  readonly corrupt: string;
}

interface SpoolContents {
  /** In the order in which they were made; read from their names one at a time. */
  readonly entries: Iterable<OutboxEntry>;
  /** Of those the one that was made last. */
  readonly last: OutboxEntry | undefined;
  /** Proofs that were accepted; see `retire`. */
  readonly retired: readonly OutboxEntry[];
  /** Names of files that are none of ours. */
  readonly foreign: string[];
  /** Whether there is a proof anywhere, in quarantine or not. */
  readonly isEmpty: boolean;
}

/** The files of the outbox: proofs in `spool/`, what no verifier took or nobody can read in `quarantine/`. */
export class Spool {
  readonly #files: FileSystem;
  readonly #root: string;
  readonly #spool: string;
  readonly #quarantine: string;
  readonly #quarantineBytes: number;
  /** Half-written files that still have to be cleared away. */
  readonly #leftovers = new Set<string>();
  /** What lies in quarantine, oldest first. */
  readonly #quarantined = new Map<string, OutboxEntry>();

  /** @param quarantineBytes how much may lie in quarantine; beyond it the oldest proofs there are deleted */
  constructor(files: FileSystem, root: string, quarantineBytes: number) {
    this.#files = files;
    this.#root = root;
    this.#spool = join(root, 'spool');
    this.#quarantine = join(root, 'quarantine');
    this.#quarantineBytes = quarantineBytes;
  }

  async makeFolders(): Promise<void> {
    for (const folder of [this.#root, this.#spool, this.#quarantine]) await this.#files.makeFolder(folder);
    await this.#files.syncFolder(this.#root);
  }

  /** Lists the proofs in the order in which they were made, and notes what a crash left half-written. */
  async list(): Promise<SpoolContents> {
    const retired = [...entriesOf(await this.#finished(this.#root), RETIRED)];
    for (const entry of entriesOf(await this.#finished(this.#quarantine))) this.#quarantined.set(entry.digest, entry);
    const names: string[] = [];
    const foreign: string[] = [];
    for (const name of await this.#finished(this.#spool)) (isEntryName(name) ? names : foreign).push(name);
    const isEmpty = names.length + retired.length + this.#quarantined.size === 0;
    const entries = { [Symbol.iterator]: () => entriesOf(names) };
    const last = entryOfName(names.at(-1) ?? '');
    return { entries, last, retired, foreign, isEmpty };
  }

  /** Removes what was left half-written. */
  async clearAway(): Promise<void> {
    for (const path of this.#leftovers) {
      await this.#files.remove(path);
      this.#leftovers.delete(path);
    }
  }

  /** Reads a file of the outbox's root folder; undefined where there is none. */
  async readRoot(name: string): Promise<Uint8Array | undefined> {
    return this.#readOr(join(this.#root, name), 'ENOENT');
  }

  /** Writes a file of the root folder so that after a crash it is the old one or the new one. */
  async replaceRoot(name: string, bytes: Uint8Array): Promise<void> {
    await this.#store(this.#root, name, bytes);
  }

  /**
   * Stores a proof under its name, by way of a file that nobody has written to before: so it may be asked for again after a
   * failure. It has its name before it is synced, so that both take one commit of the file system: a power cut may leave the
   * last of the proofs short, see `isTorn`.
   *
   * @throws NotStored where the proof certainly has no name; any other error leaves that open
   */
  async store(entry: OutboxEntry, message: Uint8Array): Promise<void> {
    const unfinished = this.#unfinishedIn(this.#spool);
    const file = await this.#begin(unfinished, () => this.#files.create(unfinished, message));
    try {
      await this.#files.rename(unfinished, join(this.#spool, nameOf(entry)));
      this.#leftovers.delete(unfinished);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#files.syncFolder(this.#spool);
  }

  /** Whether a proof's file holds less than it should. After a power cut that is the last one, which was never whole. */
  async isTorn(entry: OutboxEntry): Promise<boolean> {
    const bytes = await this.loadAnyhow(entry);
    return bytes !== undefined && bytes.length < entry.bytes;
  }

  /** Puts the proof at the head of the chain aside, as accepted: its name keeps the head, until another proof follows. */
  async retire(entry: OutboxEntry): Promise<void> {
    await this.#move(entry, this.#retiredPath(entry), this.#root);
  }

  /** Removes a proof that was put aside; it may be there again after a crash. */
  async forgetRetired(entry: OutboxEntry): Promise<void> {
    await this.#files.remove(this.#retiredPath(entry));
  }

  /** The proof's bytes, just as they were stored, or what is wrong with them. */
  async load(entry: OutboxEntry): Promise<Uint8Array | Corrupt> {
    const bytes = await this.#readOr(join(this.#spool, nameOf(entry)), 'ENOENT', 'EIO');
    if (bytes === undefined) return { corrupt: 'the file cannot be read' };
    if (bytes.length !== entry.bytes) return { corrupt: `${bytes.length} bytes, where ${entry.bytes} were stored` };
    if (crc32(bytes) !== entry.crc) return { corrupt: 'its checksum is wrong' };
    return bytes;
  }

  /** Whatever the file holds now; undefined where there is none. */
  async loadAnyhow(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const stored = await this.#readOr(join(this.#spool, nameOf(entry)), 'ENOENT', 'EIO');
    return stored ?? this.#readOr(this.#retiredPath(entry), 'ENOENT', 'EIO');
  }

  /** Removes proofs. One that is gone already is good. */
  async remove(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) await this.#files.remove(join(this.#spool, nameOf(entry)));
    await this.#files.syncFolder(this.#spool);
  }

  /** Puts a note beside the place where a proof is going to lie. */
  async writeNote(entry: OutboxEntry, note: object): Promise<void> {
    const text = `${JSON.stringify(note, undefined, 2)}\n`;
    await this.#store(this.#quarantine, noteOf(entry), Buffer.from(text));
  }

  /** Moves a proof to the quarantine folder, or writes it there where it is in memory alone. One that is gone already is good. */
  async quarantine(entry: OutboxEntry, message: Uint8Array | undefined): Promise<void> {
    if (message === undefined) await this.#move(entry, join(this.#quarantine, nameOf(entry)), this.#quarantine);
    else await this.#store(this.#quarantine, nameOf(entry), message);
    this.#quarantined.set(entry.digest, entry);
    let bytes = [...this.#quarantined.values()].reduce((sum, one) => sum + one.bytes, 0);
    for (const oldest of this.#quarantined.values()) {
      if (bytes <= this.#quarantineBytes || oldest === entry) return;
      for (const name of [nameOf(oldest), noteOf(oldest)]) await this.#files.remove(join(this.#quarantine, name));
      this.#quarantined.delete(oldest.digest);
      bytes -= oldest.bytes;
    }
  }

  /** Moves a proof out of the spool. One that is gone already is good: an earlier attempt may have failed after its work was done. */
  async #move(entry: OutboxEntry, path: string, folder: string): Promise<void> {
    try {
      await this.#files.rename(join(this.#spool, nameOf(entry)), path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    // The new name first: a crash between may show the proof in both folders, never in none.
    await this.#files.syncFolder(folder);
    await this.#files.syncFolder(this.#spool);
  }

  #retiredPath(entry: OutboxEntry): string {
    return join(this.#root, nameOf(entry).replace(/\.cose$/, RETIRED));
  }

  #unfinishedIn(folder: string): string {
    const path = join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
    this.#leftovers.add(path);
    return path;
  }

  async #store(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const unfinished = this.#unfinishedIn(folder);
    await this.#begin(unfinished, () => this.#files.write(unfinished, bytes));
    await this.#files.rename(unfinished, join(folder, name));
    this.#leftovers.delete(unfinished);
    await this.#files.syncFolder(folder);
  }

  /** Without a name of its own the file doesn't exist yet. @throws NotStored for what the disk throws */
  async #begin<T>(unfinished: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      // What can't be cleared away now is cleared away later.
      await this.#files.remove(unfinished).then(
        () => this.#leftovers.delete(unfinished),
        () => {},
      );
      throw new NotStored(error);
    }
  }

  /** The names, sorted, of all files of a folder but those that were left half-written. */
  async #finished(folder: string): Promise<string[]> {
    const names = await this.#files.list(folder);
    for (const name of names) if (name.startsWith(UNFINISHED)) this.#leftovers.add(join(folder, name));
    return names.filter((name) => !name.startsWith(UNFINISHED)).sort();
  }

  async #readOr(path: string, ...forgiven: string[]): Promise<Uint8Array | undefined> {
    try {
      return await this.#files.read(path);
    } catch (error) {
      if (forgiven.includes(systemCode(error) ?? '')) return undefined;
      throw error;
    }
  }
}

/** Names sort in the order in which the proofs were made. */
function* entriesOf(names: readonly string[], ending = STORED): Generator<OutboxEntry> {
  for (const name of names) {
    const entry = name.endsWith(ending) ? entryOfName(name.slice(0, -ending.length) + STORED) : undefined;
    if (entry !== undefined) yield entry;
  }
}

const noteOf = (entry: OutboxEntry): string => nameOf(entry).replace(/\.cose$/, '.json');

/** A file could not be written and certainly isn't there; trying again is safe. */
export class NotStored extends Error {
  override readonly name = 'NotStored';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
