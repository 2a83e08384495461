import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { entryOfName, type OutboxEntry } from './entry.ts';
import { type FileSystem, systemCode } from './file-system.ts';

const UNFINISHED = '.unfinished-';

/** Why a stored proof can't be sent. */
export interface Corrupt {
  readonly corrupt: string;
}

interface SpoolContents {
  /** In chain order. */
  readonly entries: OutboxEntry[];
  /** Names of files that are none of ours. */
  readonly foreign: string[];
  /** How many proofs lie in quarantine. */
  readonly quarantined: number;
}

/** The files of the outbox: proofs in `spool/`, what no verifier took or nobody can read in `quarantine/`. */
export class Spool {
  readonly #files: FileSystem;
  readonly #root: string;
  readonly #spool: string;
  readonly #quarantine: string;

  constructor(files: FileSystem, root: string) {
    this.#files = files;
    this.#root = root;
    this.#spool = join(root, 'spool');
    this.#quarantine = join(root, 'quarantine');
  }

  async makeFolders(): Promise<void> {
    for (const folder of [this.#root, this.#spool, this.#quarantine]) await this.#files.makeFolder(folder);
    await this.#files.syncFolder(this.#root);
  }

  /** Clears away what a crash left half-written and lists the proofs in chain order. */
  async list(): Promise<SpoolContents> {
    await this.#sweep(this.#root);
    const quarantined = (await this.#sweep(this.#quarantine)).filter((name) => entryOfName(name) !== undefined).length;
    const entries: OutboxEntry[] = [];
    const foreign: string[] = [];
    for (const name of await this.#sweep(this.#spool)) {
      const entry = entryOfName(name);
      if (entry === undefined) foreign.push(name);
      else entries.push(entry);
    }
    entries.sort((a, b) => a.counter - b.counter);
    return { entries, foreign, quarantined };
  }

  /** Reads a file of the outbox's root folder; undefined where there is none. */
  async readRoot(name: string): Promise<Uint8Array | undefined> {
    return this.#readOr(join(this.#root, name), 'ENOENT');
  }

  /** Writes a file of the root folder so that after a crash it is the old one or the new one. */
  async replaceRoot(name: string, bytes: Uint8Array): Promise<void> {
    await this.#store(this.#root, name, bytes);
  }

  async store(entry: OutboxEntry, message: Uint8Array): Promise<void> {
    await this.#store(this.#spool, entry.name, message);
  }

  /** The proof's bytes, just as they were stored, or what is wrong with them. */
  async load(entry: OutboxEntry): Promise<Uint8Array | Corrupt> {
    const bytes = await this.#readOr(join(this.#spool, entry.name), 'ENOENT', 'EIO');
    if (bytes === undefined) return { corrupt: 'the file cannot be read' };
    if (bytes.length !== entry.bytes) return { corrupt: `${bytes.length} bytes, where ${entry.bytes} were stored` };
    if (crc32(bytes) !== entry.crc) return { corrupt: 'its checksum is wrong' };
    return bytes;
  }

  /** Whatever the file holds now; undefined where there is none. */
  async loadAnyhow(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    return this.#readOr(join(this.#spool, entry.name), 'ENOENT', 'EIO');
  }

  async remove(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) await this.#files.remove(join(this.#spool, entry.name));
    await this.#files.syncFolder(this.#spool);
  }

  /** Puts a note beside the place where a proof is going to lie. */
  async writeNote(entry: OutboxEntry, note: object): Promise<void> {
    const text = `${JSON.stringify(note, undefined, 2)}\n`;
    await this.#store(this.#quarantine, entry.name.replace(/\.cose$/, '.json'), Buffer.from(text));
  }

  /** Moves a proof to the quarantine folder. One that is gone already is good. */
  async quarantine(entry: OutboxEntry): Promise<void> {
    try {
      await this.#files.rename(join(this.#spool, entry.name), join(this.#quarantine, entry.name));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    // The new name first: a crash between may show the proof in both folders, never in none.
    await this.#files.syncFolder(this.#quarantine);
    await this.#files.syncFolder(this.#spool);
  }

  async #store(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const unfinished = join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
    try {
      await this.#files.write(unfinished, bytes);
    } catch (error) {
      // Without a name of its own the proof doesn't exist yet. That it can't be cleared away either adds nothing.
      await this.#files.remove(unfinished).catch(() => {});
      throw new NotStored(error);
    }
    await this.#files.rename(unfinished, join(folder, name));
    await this.#files.syncFolder(folder);
  }

  /** Removes unfinished files and gives the names of all others. */
  async #sweep(folder: string): Promise<string[]> {
    const names = await this.#files.list(folder);
    const finished = names.filter((name) => !name.startsWith(UNFINISHED));
    for (const name of names) if (name.startsWith(UNFINISHED)) await this.#files.remove(join(folder, name));
    return finished;
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

/** A file could not be written and certainly isn't there; trying again is safe. */
export class NotStored extends Error {
  override readonly name = 'NotStored';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
