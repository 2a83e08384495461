import { EventEmitter } from 'node:events';
import type { OutboxConfig } from '../config/schema.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ChainHead, ChainStart, Loss, Receipt } from '../proof/index.ts';
import { unusable } from './disk-watch.ts';
import { headOf, hex, nameOf, newEntry, type OutboxEntry } from './entry.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { FolderLock, type Lock } from './lock.ts';
import { isOwned, type OutboxOpening, takeUp } from './opening.ts';
import { type Appended, type OutboxStats, Stock } from './stock.ts';

export interface OutboxOptions {
  readonly log: Log;
  readonly fileSystem?: FileSystem;
  readonly lock?: Lock;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** The device's id. Where it is given, the folder is that device's for good. */
  readonly owner?: string;
}

/** What a proof tells the outbox beside its bytes. */
export interface SealedAt {
  /** The losses that it declares. */
  readonly declared?: readonly Loss[];
  /** Readings are numbered 1, 2, 3, ... for the life of the folder: the number of the last that is sealed with it. */
  readonly position?: number;
}

/** How the outbox stands with its disk. */
export interface OutboxHealth {
  readonly durable: boolean;
  /** What the disk last refused with: `CODE place: what happened`; undefined while it is well. */
  readonly trouble: string | undefined;
  /** Proofs in memory alone. */
  readonly held: number;
}

interface OutboxEvents {
  /** A proof came or went, or a loss was noted. */
  changed: [];
}

/**
 * The proofs that no receipt has come for, one file each, and where their chain stands. What `append` calls stored is on the
 * disk, name and all. Memory holds an index of names, not the proofs.
 *
 * Whatever leaves without a receipt is noted as a loss in the same write that lets it go, so that a crash at any moment neither
 * forgets a loss nor notes it twice. While the disk fails, proofs are held in memory; see `Stock`.
 */
export class Outbox extends EventEmitter<OutboxEvents> {
  readonly #config: OutboxConfig;
  readonly #log: Log;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #owner: string | undefined;
  readonly #stock: Stock;
  #turn: Promise<void> = Promise.resolve();
  /** Receipts that are carried out together, until something else is asked for. */
  #receipts: Receipt[] | undefined;
  #settling: Promise<boolean[]> = Promise.resolve([]);

  constructor(config: OutboxConfig, options: OutboxOptions) {
    super();
    const { now = Date.now } = options;
    this.#config = config;
    this.#now = () => Math.floor(now());
    this.#log = options.log.child({ room: 'outbox' });
    this.#lock = options.lock ?? new FolderLock();
    this.#owner = options.owner;
    const { fileSystem = nodeFileSystem } = options;
    this.#stock = new Stock(config, { log: this.#log, fileSystem, now: this.#now, owner: options.owner });
  }

  get stats(): Readonly<OutboxStats> {
    return this.#stock.stats;
  }

  /** How many proofs wait for a receipt. */
  get size(): number {
    return this.#stock.entries.size;
  }

  /** How many bytes of proofs wait for a receipt. */
  get bytes(): number {
    return this.#stock.entries.bytes;
  }

  /** Losses that no stored proof declares yet. The next proof carries them, and says so to `append`. */
  get losses(): readonly Loss[] {
    return this.#stock.books.losses;
  }

  /** Every reading up to this position is sealed in a proof that no crash takes away, or declared lost. */
  get position(): number {
    return this.#stock.position;
  }

  get health(): OutboxHealth {
    return {
      durable: !this.#stock.disk.fails,
      trouble: this.#stock.disk.trouble?.toLine(),
      held: this.#stock.held.size,
    };
  }

  /** Where the next proof continues. Ask before each: it is another epoch while the disk fails. */
  chain(): ChainStart {
    return this.#stock.chain;
  }

  /**
   * Opens the folder, which it makes if need be. Reads names and the state, not the proofs. A disk that can be read and not be
   * written is opened as one that fails.
   *
   * @param keptUntil from then on, readings that are kept elsewhere may be missing: no reading that an unclean end lost is older
   * @throws FieldsealError OUTBOX_LOCKED, OUTBOX_UNUSABLE; KEY_CHANGED where it belongs to another device
   */
  open(keptUntil?: number): Promise<OutboxOpening> {
    return this.#exclusive(async () => {
      try {
        return await this.#open(keptUntil);
      } catch (error) {
        throw unusable(error) ?? error;
      }
    });
  }

  /** Tries a disk that fails again and again, until the signal. */
  run(signal: AbortSignal): Promise<void> {
    return this.#stock.disk.run(() => this.mend(), signal);
  }

  /**
   * Tries a disk that fails: writes what memory holds and what was decided meanwhile, all of it to fresh files. Says whether the
   * disk is well.
   */
  mend(): Promise<boolean> {
    return this.#exclusive(async () => {
      if (!this.#stock.disk.fails) return true;
      if (!(await this.#stock.disk.try(() => this.#stock.writeAll()))) return false;
      this.#stock.disk.heals();
      this.#stock.entries.showAll();
      await this.#stock.makeRoom(0);
      this.emit('changed');
      return true;
    });
  }

  /**
   * Puts a proof at the end of the chain. When that takes more room than the configuration gives, proofs go, as configured.
   *
   * @throws RangeError for one that does not continue the chain
   */
  append(message: Uint8Array, head: ChainHead, { declared = [], position }: SealedAt = {}): Promise<Appended> {
    return this.#exclusive(async () => {
      if (!this.#stock.continues(head)) return 'again';
      const facts = {
        counter: this.#stock.books.counter + 1,
        written: this.#now(),
        position: position ?? this.#stock.books.position,
        declares: declared.length > 0,
        aside: this.#stock.disk.fails,
      };
      const entry = newEntry(facts, message, head);
      if (entry.aside) {
        const held = this.#stock.hold(entry, message, declared);
        this.emit('changed');
        return held;
      }
      const room = await this.#stock.makeRoom(message.length);
      // The disk failed when something else had to go: this proof belongs to the other epoch now.
      if (this.#stock.disk.fails) return 'again';
      const appended = room
        ? await this.#stock.store(entry, message, declared)
        : this.#stock.dropNew(entry, message, declared);
      await this.#stock.settle();
      this.emit('changed');
      return appended;
    });
  }

  /** Notes a loss until a proof declares it; durably, unless the disk fails. */
  addLoss(loss: Loss, position = 0): Promise<void> {
    return this.#exclusive(async () => {
      this.#stock.books.lose([loss], position);
      await this.#stock.settle();
      this.emit('changed');
    });
  }

  /** The proofs without a receipt that may be sent, in the order in which they were made; those above a counter. */
  pending(after = -1): Iterable<OutboxEntry> {
    return this.#stock.entries.visible(after);
  }

  /** Counter of the proof that was made last; -1 before the first. */
  get counter(): number {
    return this.#stock.books.counter;
  }

  /** The proof of a digest, 32 bytes; undefined where none such waits. */
  find(digest: Uint8Array): OutboxEntry | undefined {
    return this.#stock.entries.find(hex(digest));
  }

  /** Whether a proof waits and may be sent. */
  has(entry: OutboxEntry): boolean {
    return this.#stock.entries.isVisible(entry);
  }

  /**
   * A proof's bytes, as they were stored. Undefined where it has gone meanwhile, where the disk fails, or where the file is
   * damaged: then it lies in quarantine and the loss is noted.
   */
  async read(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const held = this.#stock.held.find(entry);
    if (held !== undefined) return this.has(entry) ? held.message : undefined;
    // What is sound needs no turn: a file never changes.
    const loaded = this.has(entry) ? await this.#stock.load(entry) : undefined;
    if (loaded instanceof Uint8Array) return loaded;
    return this.#exclusive(() => this.#readAnew(entry));
  }

  /**
   * Does what a verified receipt says: a proof that was accepted, flagged or known already is deleted, a rejected one
   * moves to quarantine with the reasons beside it. `unknown`: no such proof waits here.
   */
  settle(receipt: Receipt): Promise<'dropped' | 'quarantined' | 'unknown'> {
    if (receipt.verdict === 'rejected') return this.#exclusive(() => this.#reject(receipt));
    // Receipts that come while the disk is busy share one sync of the folder.
    const receipts = this.#receipts ?? [];
    receipts.push(receipt);
    if (receipts.length === 1) {
      this.#settling = this.#exclusive(() => this.#settleAll(receipts));
      this.#receipts = receipts;
    }
    const place = receipts.length - 1;
    return this.#settling.then((known) => (known[place] === true ? 'dropped' : 'unknown'));
  }

  /**
   * Notes that the run ended in good order and lets go of the folder.
   *
   * @throws FieldsealError OUTBOX_UNUSABLE where the disk does not take what is left to be written
   */
  async close(): Promise<void> {
    try {
      await this.#exclusive(async () => {
        if (await this.#stock.disk.try(() => this.#stock.writeAll({ clean: true }))) return;
        throw this.#stock.disk.trouble;
      });
    } finally {
      await this.#lock.release();
    }
  }

  async #open(keptUntil: number | undefined): Promise<OutboxOpening> {
    const { directory } = this.#config;
    const made = await this.#stock.disk.try(() => this.#stock.spool.makeFolders());
    await this.#lock.take(directory);
    this.#stock.isOwned = await isOwned(this.#stock.spool, { owner: this.#owner, directory, lock: this.#lock });
    const opening = await takeUp(this.#stock.spool, this.#stock.books, this.#stock.entries, {
      log: this.#log,
      now: this.#now,
      keptUntil,
    });
    const written = await this.#stock.disk.try(() => this.#stock.writeAll());
    if (written && !made) this.#stock.disk.heals();
    this.#log.info({ proofs: this.size, bytes: this.bytes }, 'outbox opened');
    return opening;
  }

  /** Reads a proof that may have gone meanwhile, and puts away a damaged one. */
  async #readAnew(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    if (!this.has(entry)) return undefined;
    const loaded = this.#stock.held.find(entry)?.message ?? (await this.#stock.load(entry));
    if (loaded instanceof Uint8Array) return loaded;
    const corrupt = loaded?.corrupt;
    // Whether a file is damaged is not for a disk to say that fails: it is looked at again when the disk is well.
    if (corrupt === undefined || this.#stock.disk.fails || !(await this.#stock.noteCorrupt(entry, corrupt))) {
      this.#stock.entries.hide(entry);
      return undefined;
    }
    await this.#stock.depart([entry], 'quarantine', 'outbox-corrupt');
    this.emit('changed');
    this.#stock.stats.corrupt += 1;
    const error = new FieldsealError('OUTBOX_CORRUPT', { detail: corrupt, place: nameOf(entry) });
    this.#log.error(error.toFields(), 'a stored proof cannot be read');
    return undefined;
  }

  /** Lets go of what was accepted. Says of each receipt whether a proof waited for it. */
  async #settleAll(receipts: readonly Receipt[]): Promise<boolean[]> {
    if (this.#receipts === receipts) this.#receipts = undefined;
    const settled = new Map<string, OutboxEntry>();
    const known = receipts.map(({ digest }) => {
      const entry = this.#stock.entries.find(hex(digest));
      if (entry === undefined || settled.has(entry.digest)) return false;
      settled.set(entry.digest, entry);
      return true;
    });
    if (settled.size === 0) return known;
    for (const entry of settled.values()) this.#stock.release(entry);
    await this.#stock.settle();
    for (const entry of settled.values()) this.#stock.entries.delete(entry);
    this.#stock.stats.settled += settled.size;
    this.emit('changed');
    return known;
  }

  async #reject({ digest, reasons, received }: Receipt): Promise<'quarantined' | 'unknown'> {
    const entry = this.#stock.entries.find(hex(digest));
    if (entry === undefined) return 'unknown';
    const { epoch, seq } = headOf(entry);
    await this.#stock.depart([entry], 'quarantine', 'rejected', {
      reason: 'rejected',
      epoch: hex(epoch),
      seq,
      reasons,
      received,
    });
    this.emit('changed');
    this.#stock.stats.rejected += 1;
    const error = new FieldsealError('PROOF_REJECTED', { detail: reasons.join(', '), place: nameOf(entry) });
    this.#log.error(error.toFields(), 'the verifier rejected a proof');
    return 'quarantined';
  }

  /** One operation at a time, in the order in which they are asked for. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#receipts = undefined;
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
