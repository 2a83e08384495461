import { EventEmitter } from 'node:events';
import type { OutboxConfig } from '../config/schema.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ChainHead, ChainStart, Loss, Receipt } from '../proof/index.ts';
import { Books } from './books.ts';
import { DiskWatch, freshEpoch, unusable } from './disk-watch.ts';
import { Entries } from './entries.ts';
import { headOf, hex, nameOf, newEntry, type OutboxEntry } from './entry.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { declarationOf } from './gone.ts';
import { HeldProofs } from './held.ts';
import { FolderLock, type Lock } from './lock.ts';
import { isOwned, type OutboxOpening, OWNER_FILE, takeUp } from './opening.ts';
import { findRoom } from './room.ts';
import { type Corrupt, NotStored, Spool } from './spool.ts';
import type { Departure } from './state.ts';

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

/**
 * What became of a proof that was sealed. `stored`: it is on the disk. `held`: the disk fails; the proof waits in memory and
 * is written when the disk is back. `again`: it is nowhere, and nobody has seen it: the readings have to be sealed anew, where
 * `chain()` now stands.
 */
export type Appended = 'stored' | 'held' | 'again';

/** How the outbox stands with its disk. */
export interface OutboxHealth {
  readonly durable: boolean;
  /** What the disk last refused with: `CODE place: what happened`; undefined while it is well. */
  readonly trouble: string | undefined;
  /** Proofs in memory alone. */
  readonly held: number;
}

/** Counters since the start; they only grow. */
export interface OutboxStats {
  appended: number;
  dropped: number;
  settled: number;
  rejected: number;
  corrupt: number;
}

/** How much may lie in quarantine, as a share of the outbox and at most. */
const QUARANTINE_SHARE = 0.1;
const QUARANTINE_MAX = 64_000_000;

interface OutboxEvents {
  /** A proof came or went, or a loss was noted. */
  changed: [];
  /** Proofs that could not be sent for a while may be sent now, whatever came after them. */
  shown: [];
}

/**
 * The proofs that no receipt has come for, one file each, and where their chain stands. What `append` calls stored is on the
 * disk, name and all. Memory holds an index of names, not the proofs.
 *
 * Whatever leaves without a receipt is noted as a loss in the same write that lets it go, so that a crash at any moment neither
 * forgets a loss nor notes it twice.
 *
 * While the disk fails, proofs are held in memory, in an epoch of their own that was never on the disk: so whatever happens to
 * the power, no proof that was published is ever made again with other bytes, and the chain on the disk goes on from its own
 * head. A proof whose place on the disk is in doubt is not published before it has been written anew.
 */
export class Outbox extends EventEmitter<OutboxEvents> {
  readonly stats: OutboxStats = { appended: 0, dropped: 0, settled: 0, rejected: 0, corrupt: 0 };
  readonly #config: OutboxConfig;
  readonly #log: Log;
  readonly #spool: Spool;
  readonly #books: Books;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #owner: string | undefined;
  readonly #entries = new Entries();
  readonly #held = new HeldProofs();
  readonly #disk: DiskWatch;
  /** Where the chain begins while it has no proof. */
  readonly #beginning = freshEpoch();
  #position = 0;
  #isOwned = false;
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
    this.#disk = new DiskWatch(this.#log);
    const quarantineBytes = Math.min(config.maxBytes * QUARANTINE_SHARE, QUARANTINE_MAX);
    this.#spool = new Spool(options.fileSystem ?? nodeFileSystem, config.directory, quarantineBytes);
    this.#books = new Books(this.#spool, this.#now);
    this.#lock = options.lock ?? new FolderLock();
    this.#owner = options.owner;
  }

  /** How many proofs wait for a receipt. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many bytes of proofs wait for a receipt. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  /** Losses that no stored proof declares yet. The next proof carries them, and says so to `append`. */
  get losses(): readonly Loss[] {
    return this.#books.losses;
  }

  /** Every reading up to this position is sealed in a proof that no crash takes away, or declared lost. */
  get position(): number {
    return this.#position;
  }

  get health(): OutboxHealth {
    return { durable: !this.#disk.fails, trouble: this.#disk.trouble?.toLine(), held: this.#held.size };
  }

  /** Where the next proof continues. Ask before each: it is another epoch while the disk fails. */
  chain(): ChainStart {
    return this.#disk.aside ?? this.#books.head ?? this.#beginning;
  }

  /**
   * Opens the folder, which it makes if need be. Reads names and the state, not the proofs. A disk that can be read and not be
   * written is opened as one that fails.
   *
   * @param keptUntil the time of the last reading that is kept elsewhere: what an unclean end lost came after it
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
    return this.#disk.run(() => this.mend(), signal);
  }

  /**
   * Tries a disk that fails: writes what memory holds and what was decided meanwhile, all of it to fresh files. Says whether the
   * disk is well.
   */
  mend(): Promise<boolean> {
    return this.#exclusive(async () => {
      if (!this.#disk.fails) return true;
      if (!(await this.#disk.try(() => this.#writeAll()))) return false;
      this.#disk.heals();
      this.#position = this.#books.position;
      this.#entries.showAll();
      this.emit('shown');
      await this.#makeRoom(0);
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
      if (!this.#continues(head)) return 'again';
      const facts = {
        counter: this.#books.counter + 1,
        written: this.#now(),
        position: position ?? this.#books.position,
        declares: declared.length > 0,
        aside: this.#disk.fails,
      };
      const entry = newEntry(facts, message, head);
      if (entry.aside) return this.#hold(entry, message, declared);
      const room = await this.#makeRoom(message.length);
      // The disk failed when something else had to go: this proof belongs to the other epoch now.
      if (this.#disk.fails) return 'again';
      const appended = room ? await this.#store(entry, message, declared) : this.#dropNew(entry, message, declared);
      await this.#settleBooks();
      this.emit('changed');
      return appended;
    });
  }

  /** Notes a loss until a proof declares it; durably, unless the disk fails. */
  addLoss(loss: Loss, position = 0): Promise<void> {
    return this.#exclusive(async () => {
      this.#books.lose([loss], position);
      await this.#settleBooks();
      if (!this.#disk.fails) this.#position = this.#books.position;
      this.emit('changed');
    });
  }

  /** The proofs without a receipt that may be sent, in the order in which they were made; those above a counter. */
  pending(after = -1): Iterable<OutboxEntry> {
    return this.#entries.visible(after);
  }

  /** Counter of the proof that was made last; -1 before the first. */
  get counter(): number {
    return this.#books.counter;
  }

  /** The proof of a digest, 32 bytes; undefined where none such waits. */
  find(digest: Uint8Array): OutboxEntry | undefined {
    return this.#entries.find(hex(digest));
  }

  /** Whether a proof waits and may be sent. */
  has(entry: OutboxEntry): boolean {
    return this.#entries.isVisible(entry);
  }

  /**
   * A proof's bytes, as they were stored. Undefined where it has gone meanwhile, where the disk fails, or where the file is
   * damaged: then it lies in quarantine and the loss is noted.
   */
  async read(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    const held = this.#held.find(entry);
    if (held !== undefined) return this.has(entry) ? held.message : undefined;
    // What is sound needs no turn: a file never changes.
    const loaded = this.has(entry) ? await this.#load(entry) : undefined;
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
        if (await this.#disk.try(() => this.#writeAll({ clean: true }))) return;
        throw this.#disk.trouble;
      });
    } finally {
      await this.#lock.release();
    }
  }

  async #open(keptUntil: number | undefined): Promise<OutboxOpening> {
    const { directory } = this.#config;
    const made = await this.#disk.try(() => this.#spool.makeFolders());
    await this.#lock.take(directory);
    this.#isOwned = await isOwned(this.#spool, { owner: this.#owner, directory, lock: this.#lock });
    const opening = await takeUp(this.#spool, this.#books, this.#entries, {
      log: this.#log,
      now: this.#now,
      keptUntil,
    });
    const written = await this.#disk.try(() => this.#writeAll());
    if (written && !made) this.#disk.heals();
    if (!this.#disk.fails) this.#position = this.#books.position;
    this.#log.info({ proofs: this.size, bytes: this.bytes }, 'outbox opened');
    return opening;
  }

  /** Whether a proof is the chain's next; not so where it was drafted before the disk began, or ceased, to fail. */
  #continues({ epoch, seq }: ChainHead): boolean {
    const chain = this.chain();
    const isOf = (start: ChainStart) => hex(start.epoch) === hex(epoch);
    const before = this.#disk.isOver(epoch) || (this.#disk.fails && isOf(this.#books.head ?? this.#beginning));
    if (!isOf(chain) && before) return false;
    const expected = 'seq' in chain ? chain.seq + 1 : 0;
    // Any epoch is good for a chain that begins on the disk; in memory it must be the one that never was on the disk.
    const begins = !('seq' in chain) && !this.#disk.fails;
    if (seq === expected && (begins || isOf(chain))) return true;
    throw new RangeError(`proof ${seq} where the chain goes on with ${expected}`);
  }

  async #store(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Promise<Appended> {
    try {
      await this.#spool.store(entry, message);
    } catch (error) {
      this.#disk.fail(error);
      if (error instanceof NotStored) return 'again';
      // It may be on the disk or not: the chain goes on from it, and nobody sees it before it certainly is.
      this.#held.hold(entry, message, true);
      this.#entries.hide(entry);
    }
    this.#entries.add(entry);
    this.#books.made(entry, declared, true);
    this.stats.appended += 1;
    if (this.#disk.fails) return 'held';
    this.#position = entry.position;
    return 'stored';
  }

  /** Takes a proof of the epoch in memory. */
  #hold(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Appended {
    this.#disk.moves(headOf(entry));
    if (!this.#makeRoomInMemory(message.length)) return this.#dropNew(entry, message, declared);
    this.#held.hold(entry, message, false);
    this.#entries.add(entry);
    this.#books.made(entry, declared, false);
    this.stats.appended += 1;
    this.emit('changed');
    return 'held';
  }

  /** The chain has the proof, and nobody else ever will. */
  #dropNew(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Appended {
    this.#books.made(entry, declared, !entry.aside);
    this.#books.lose(declarationOf(entry, message, 'outbox-quota'));
    this.#countDropped(1);
    return !this.#disk.fails ? 'stored' : 'held';
  }

  /** The proof's bytes, or what is wrong with its file; undefined where the disk fails. */
  async #load(entry: OutboxEntry): Promise<Uint8Array | Corrupt | undefined> {
    let loaded: Uint8Array | Corrupt | undefined;
    await this.#disk.try(async () => {
      loaded = await this.#spool.load(entry);
    });
    return loaded;
  }

  /** Reads a proof that may have gone meanwhile, and puts away a damaged one. */
  async #readAnew(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    if (!this.has(entry)) return undefined;
    const loaded = this.#held.find(entry)?.message ?? (await this.#load(entry));
    if (loaded instanceof Uint8Array) return loaded;
    const corrupt = loaded?.corrupt;
    // Whether a file is damaged is not for a disk to say that fails: it is looked at again when the disk is well.
    if (corrupt === undefined || this.#disk.fails || !(await this.#noteCorrupt(entry, corrupt))) {
      this.#entries.hide(entry);
      return undefined;
    }
    await this.#depart([entry], 'quarantine', 'outbox-corrupt');
    this.stats.corrupt += 1;
    const error = new FieldsealError('OUTBOX_CORRUPT', { detail: corrupt, place: nameOf(entry) });
    this.#log.error(error.toFields(), 'a stored proof cannot be read');
    return undefined;
  }

  /** Lets go of what was accepted. Says of each receipt whether a proof waited for it. */
  async #settleAll(receipts: readonly Receipt[]): Promise<boolean[]> {
    if (this.#receipts === receipts) this.#receipts = undefined;
    const settled = new Map<string, OutboxEntry>();
    const known = receipts.map(({ digest }) => {
      const entry = this.#entries.find(hex(digest));
      if (entry === undefined || settled.has(entry.digest)) return false;
      settled.set(entry.digest, entry);
      return true;
    });
    if (settled.size === 0) return known;
    for (const entry of settled.values()) this.#release(entry);
    await this.#settleBooks();
    for (const entry of settled.values()) this.#entries.delete(entry);
    this.stats.settled += settled.size;
    this.emit('changed');
    return known;
  }

  async #reject({ digest, reasons, received }: Receipt): Promise<'quarantined' | 'unknown'> {
    const entry = this.#entries.find(hex(digest));
    if (entry === undefined) return 'unknown';
    const { epoch, seq } = headOf(entry);
    await this.#depart([entry], 'quarantine', 'rejected', {
      reason: 'rejected',
      epoch: hex(epoch),
      seq,
      reasons,
      received,
    });
    this.stats.rejected += 1;
    const error = new FieldsealError('PROOF_REJECTED', { detail: reasons.join(', '), place: nameOf(entry) });
    this.#log.error(error.toFields(), 'the verifier rejected a proof');
    return 'quarantined';
  }

  async #noteCorrupt(entry: OutboxEntry, detail: string): Promise<boolean> {
    return this.#disk.try(() => this.#spool.writeNote(entry, { reason: 'corrupt', detail }));
  }

  /** Lets go of what has to go before so many bytes can come. False where they have no room even then. */
  async #makeRoom(bytes: number): Promise<boolean> {
    const { leaving, fits } = findRoom(this.#config, this.#entries, bytes, this.#now());
    if (leaving.length > 0) {
      await this.#depart(leaving, 'nowhere', 'outbox-quota');
      this.#countDropped(leaving.length);
    }
    return fits;
  }

  /** As `makeRoom`, among the proofs that were made while the disk fails. */
  #makeRoomInMemory(bytes: number): boolean {
    const { memory, drop } = this.#config;
    let dropped = 0;
    while (this.#held.bytes + bytes > memory) {
      const oldest = this.#held.firstAside();
      if (drop === 'newest') return oldest === undefined;
      if (oldest === undefined) break;
      this.#books.lose(declarationOf(oldest.entry, oldest.message, 'outbox-quota'));
      this.#release(oldest.entry);
      this.#entries.delete(oldest.entry);
      dropped += 1;
    }
    if (dropped > 0) this.#countDropped(dropped);
    return true;
  }

  #countDropped(proofs: number): void {
    if (this.stats.dropped === 0) this.#log.warn({ proofs }, 'the outbox is full: proofs are dropped and declared');
    this.stats.dropped += proofs;
  }

  /** Lets proofs go that have no good receipt: their loss is on the disk before they go. */
  async #depart(
    leaving: readonly OutboxEntry[],
    to: Departure['to'],
    reason: 'outbox-quota' | 'outbox-corrupt' | 'rejected',
    note?: object,
  ): Promise<void> {
    for (const entry of leaving) {
      const held = this.#held.find(entry);
      const message = held?.message ?? (await this.#loadAnyhow(entry));
      this.#books.lose(declarationOf(entry, message, reason));
      this.#books.depart(entry, to, { ...(note && { note }), ...(held && { message: held.message }) });
      this.#held.release(entry);
      this.#entries.delete(entry);
    }
    await this.#settleBooks();
    this.emit('changed');
  }

  async #loadAnyhow(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    let message: Uint8Array | undefined;
    await this.#disk.try(async () => {
      message = await this.#spool.loadAnyhow(entry);
    });
    return message;
  }

  /** Nobody needs a proof's bytes any more. Its file follows, where it has one. */
  #release(entry: OutboxEntry): void {
    const held = this.#held.find(entry);
    if (held === undefined || held.attempted) this.#books.doom(entry);
    this.#held.release(entry);
  }

  /** Brings the disk to what was decided, unless it fails: then that follows when it is well. */
  async #settleBooks(): Promise<void> {
    if (!this.#disk.fails) await this.#disk.try(() => this.#books.write());
  }

  /** Everything that is not on the disk yet, in the order that a crash between asks for: proofs, then what is said of them. */
  async #writeAll(how: { clean?: boolean } = {}): Promise<void> {
    await this.#spool.clearAway();
    if (!this.#isOwned) {
      await this.#spool.replaceRoot(OWNER_FILE, Buffer.from(`${this.#owner}\n`));
      this.#isOwned = true;
    }
    for (const { entry, message } of this.#held.all()) {
      this.#held.attempt(entry);
      await this.#spool.store(entry, message);
      this.#held.release(entry);
      this.#entries.show(entry);
    }
    if (this.#disk.fails) this.#books.touch();
    await this.#books.write(how);
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
