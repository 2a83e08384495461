import type { OutboxConfig } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { ChainHead, ChainStart, Loss } from '../proof/index.ts';
import { Books } from './books.ts';
import { DiskWatch, freshEpoch } from './disk-watch.ts';
import { Entries } from './entries.ts';
import { headOf, hex, type OutboxEntry } from './entry.ts';
import type { FileSystem } from './file-system.ts';
import { declarationOf } from './gone.ts';
import { HeldProofs } from './held.ts';
import { OWNER_FILE } from './opening.ts';
import { findRoom } from './room.ts';
import { type Corrupt, NotStored, Spool } from './spool.ts';
import type { Departure } from './state.ts';

/**
 * What became of a proof that was sealed. `stored`: it is on the disk. `held`: the disk fails; the proof waits in memory and
 * is written when the disk is back. `again`: it is nowhere, and nobody has seen it: the readings have to be sealed anew, where
 * `chain` now stands.
 */
export type Appended = 'stored' | 'held' | 'again';

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

/**
 * The proofs that there are, on the disk and in memory, and what was decided of them. Whoever uses it sees to it that one thing is
 * done at a time.
 *
 * While the disk fails, proofs are held in memory, in an epoch of their own that was never on the disk: so whatever happens to
 * the power, no proof that was published is ever made again with other bytes, and the chain on the disk goes on from its own
 * head. A proof whose place on the disk is in doubt is not published before it has been written anew.
 */
export class Stock {
  readonly stats: OutboxStats = { appended: 0, dropped: 0, settled: 0, rejected: 0, corrupt: 0 };
  readonly spool: Spool;
  readonly books: Books;
  readonly entries = new Entries();
  readonly held = new HeldProofs();
  readonly disk: DiskWatch;
  /** Whether the folder says whose it is, as far as that is known here. */
  isOwned = true;
  readonly #config: OutboxConfig;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #owner: string | undefined;
  /** Where the chain begins while it has no proof. */
  readonly #beginning = freshEpoch();
  #position = 0;

  constructor(
    config: OutboxConfig,
    around: { log: Log; fileSystem: FileSystem; now: () => number; owner: string | undefined },
  ) {
    this.#config = config;
    this.#log = around.log;
    this.#now = around.now;
    this.#owner = around.owner;
    this.disk = new DiskWatch(around.log);
    const quarantineBytes = Math.min(config.maxBytes * QUARANTINE_SHARE, QUARANTINE_MAX);
    this.spool = new Spool(around.fileSystem, config.directory, quarantineBytes);
    this.books = new Books(this.spool, around.now);
  }

  /** Where the next proof continues; another epoch while the disk fails. */
  get chain(): ChainStart {
    return this.disk.aside ?? this.books.head ?? this.#beginning;
  }

  /** Every reading up to this position is sealed in a proof that no crash takes away, or declared lost. */
  get position(): number {
    return this.#position;
  }

  /** Whether a proof is the chain's next; not so where it was drafted before the disk began, or ceased, to fail. */
  continues({ epoch, seq }: ChainHead): boolean {
    const chain = this.chain;
    const isOf = (start: ChainStart) => hex(start.epoch) === hex(epoch);
    const before = this.disk.isOver(epoch) || (this.disk.fails && isOf(this.books.head ?? this.#beginning));
    if (!isOf(chain) && before) return false;
    const expected = 'seq' in chain ? chain.seq + 1 : 0;
    // Any epoch is good for a chain that begins on the disk; in memory it must be the one that never was on the disk.
    const begins = !('seq' in chain) && !this.disk.fails;
    if (seq === expected && (begins || isOf(chain))) return true;
    throw new RangeError(`proof ${seq} where the chain goes on with ${expected}`);
  }

  /** Stores the chain's next proof; the disk is well so far. */
  async store(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Promise<Appended> {
    try {
      await this.spool.store(entry, message);
    } catch (error) {
      this.disk.fail(error);
      if (error instanceof NotStored) return 'again';
      // It may be on the disk or not: the chain goes on from it, and nobody sees it before it certainly is.
      this.held.hold(entry, message, true);
      this.entries.hide(entry);
    }
    this.entries.add(entry);
    this.books.made(entry, declared, true);
    this.stats.appended += 1;
    return this.disk.fails ? 'held' : 'stored';
  }

  /** Takes a proof of the epoch in memory. */
  hold(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Appended {
    this.disk.moves(headOf(entry));
    if (!this.#makeRoomInMemory(message.length)) return this.dropNew(entry, message, declared);
    this.held.hold(entry, message, false);
    this.entries.add(entry);
    this.books.made(entry, declared, false);
    this.stats.appended += 1;
    return 'held';
  }

  /** The chain has the proof, and nobody else ever will. */
  dropNew(entry: OutboxEntry, message: Uint8Array, declared: readonly Loss[]): Appended {
    this.books.made(entry, declared, !entry.aside);
    this.books.lose(declarationOf(entry, message, 'outbox-quota'));
    this.#countDropped(1);
    return this.disk.fails ? 'held' : 'stored';
  }

  /** The proof's bytes, or what is wrong with its file; undefined where the disk fails. */
  async load(entry: OutboxEntry): Promise<Uint8Array | Corrupt | undefined> {
    let loaded: Uint8Array | Corrupt | undefined;
    await this.disk.try(async () => {
      loaded = await this.spool.load(entry);
    });
    return loaded;
  }

  /** Says beside a damaged proof what is wrong with it. False where the disk does not take it. */
  async noteCorrupt(entry: OutboxEntry, detail: string): Promise<boolean> {
    return this.disk.try(() => this.spool.writeNote(entry, { reason: 'corrupt', detail }));
  }

  /** Lets go of what has to go before so many bytes can come. False where they have no room even then. */
  async makeRoom(bytes: number): Promise<boolean> {
    const { leaving, fits } = findRoom(this.#config, this.entries, bytes, this.#now());
    if (leaving.length > 0) {
      await this.depart(leaving, 'nowhere', 'outbox-quota');
      this.#countDropped(leaving.length);
    }
    return fits;
  }

  /** As `makeRoom`, among the proofs that were made while the disk fails. */
  #makeRoomInMemory(bytes: number): boolean {
    const { memory, drop } = this.#config;
    let dropped = 0;
    while (this.held.bytes + bytes > memory) {
      const oldest = this.held.firstAside();
      if (drop === 'newest') return oldest === undefined;
      if (oldest === undefined) break;
      this.books.lose(declarationOf(oldest.entry, oldest.message, 'outbox-quota'));
      this.release(oldest.entry);
      this.entries.delete(oldest.entry);
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
  async depart(
    leaving: readonly OutboxEntry[],
    to: Departure['to'],
    reason: 'outbox-quota' | 'outbox-corrupt' | 'rejected',
    note?: object,
  ): Promise<void> {
    for (const entry of leaving) {
      const held = this.held.find(entry);
      const message = held?.message ?? (await this.#loadAnyhow(entry));
      this.books.lose(declarationOf(entry, message, reason));
      this.books.depart(entry, to, { ...(note && { note }), ...(held && { message: held.message }) });
      this.held.release(entry);
      this.entries.delete(entry);
    }
    await this.settle();
  }

  async #loadAnyhow(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    let message: Uint8Array | undefined;
    await this.disk.try(async () => {
      message = await this.spool.loadAnyhow(entry);
    });
    return message;
  }

  /** Nobody needs a proof's bytes any more. Its file follows, where it has one. */
  release(entry: OutboxEntry): void {
    const held = this.held.find(entry);
    if (held === undefined || held.attempted) this.books.doom(entry);
    this.held.release(entry);
  }

  /** Brings the disk to what was decided, unless it fails: then that follows when it is well. */
  async settle(): Promise<void> {
    if (!this.disk.fails) await this.disk.try(() => this.books.write());
    if (!this.disk.fails) this.#position = this.books.position;
  }

  /** Everything that is not on the disk yet, in the order that a crash between asks for: proofs, then what is said of them. */
  async writeAll(how: { clean?: boolean } = {}): Promise<void> {
    await this.spool.clearAway();
    if (!this.isOwned) {
      await this.spool.replaceRoot(OWNER_FILE, Buffer.from(`${this.#owner}\n`));
      this.isOwned = true;
    }
    for (const { entry, message } of this.held.all()) {
      this.held.attempt(entry);
      await this.spool.store(entry, message);
      this.held.release(entry);
      this.entries.show(entry);
    }
    if (this.disk.fails) this.books.touch();
    await this.books.write(how);
    this.#position = this.books.position;
  }
}
