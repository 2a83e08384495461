import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { OutboxConfig } from '../config/schema.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ChainHead, kidFromText, type Loss, type Receipt } from '../proof/index.ts';
import { headOf, hex, newEntry, type OutboxEntry } from './entry.ts';
import { type FileSystem, nodeFileSystem, systemCode } from './file-system.ts';
import { lossesOfProof } from './gone.ts';
import { FolderLock, type Lock } from './lock.ts';
import { PendingLosses } from './losses.ts';
import { NotStored, Spool } from './spool.ts';
import { type Departure, decodeState, encodeState, type OutboxState } from './state.ts';

export interface OutboxOptions {
  readonly log: Log;
  readonly fileSystem?: FileSystem;
  readonly lock?: Lock;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** The device's id. Where it is given, the folder is that device's for good. */
  readonly owner?: string;
}

/** What the outbox found when it was opened. */
export interface OutboxOpening {
  /** The chain's last proof; undefined where the next proof has to begin an epoch. */
  readonly head: ChainHead | undefined;
  /** The state of an earlier chain was lost. The outbox has noted the loss. */
  readonly chainLost: boolean;
  /** The last run did not close the outbox. The outbox has noted the loss. */
  readonly unclean: boolean;
  /** When the last proof was stored, ms since the Unix epoch, as far as is known. */
  readonly lastWritten: number | undefined;
}

/** Counters since the start; they only grow. */
export interface OutboxStats {
  appended: number;
  dropped: number;
  settled: number;
  rejected: number;
  corrupt: number;
}

const STATE_FILE = 'state';
const OWNER_FILE = 'identity';
/** A clock that shows an earlier time has not been set yet: nothing is judged old by it. */
const CLOCK_IS_SET = Date.UTC(2024, 0);

interface OutboxEvents {
  /** A proof came or went, or a loss was noted. */
  changed: [];
}

/**
 * The proofs that no receipt has come for, one file each, and where the chain stands. What `append` has resolved for is on
 * the disk, name and all. Memory holds an index of names, never the proofs.
 *
 * Whatever leaves without a receipt is noted as a loss in the same write that lets it go, so that a crash at any moment neither
 * forgets a loss nor notes it twice. When a write may or may not have happened, the outbox takes no more until it is opened
 * anew: guessing could make a second proof of the same sequence number.
 */
export class Outbox extends EventEmitter<OutboxEvents> {
  readonly stats: OutboxStats = { appended: 0, dropped: 0, settled: 0, rejected: 0, corrupt: 0 };
  readonly #config: OutboxConfig;
  readonly #log: Log;
  readonly #spool: Spool;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #owner: string | undefined;
  /** Digest to entry, in chain order. */
  readonly #entries = new Map<string, OutboxEntry>();
  #losses = new PendingLosses();
  #last: OutboxEntry | undefined;
  #chainLost = false;
  /** Of `last` in the state file. */
  #recordedCounter = -1;
  #bytes = 0;
  #turn: Promise<void> = Promise.resolve();
  #broken: FieldsealError | undefined;

  constructor(config: OutboxConfig, options: OutboxOptions) {
    super();
    this.#config = config;
    this.#log = options.log.child({ room: 'outbox' });
    this.#spool = new Spool(options.fileSystem ?? nodeFileSystem, config.directory);
    this.#lock = options.lock ?? new FolderLock();
    const { now = Date.now } = options;
    this.#now = () => Math.floor(now());
    this.#owner = options.owner;
  }

  /** How many proofs wait for a receipt. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many bytes of proofs wait for a receipt. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Losses that no stored proof declares yet. The next proof carries them, and says so to `append`. */
  get losses(): readonly Loss[] {
    return this.#losses.all;
  }

  /**
   * Opens the folder, which it makes if need be. Reads names and the state, not the proofs.
   *
   * @throws FieldsealError OUTBOX_LOCKED, OUTBOX_UNUSABLE; KEY_CHANGED where it belongs to another device
   */
  open(): Promise<OutboxOpening> {
    return this.#exclusive(async () => {
      await this.#spool.makeFolders();
      await this.#lock.take(this.#config.directory);
      await this.#pinOwner();
      const { entries, foreign, quarantined } = await this.#spool.list();
      if (foreign.length > 0) this.#log.warn({ files: foreign.slice(0, 10) }, 'files in the spool that are no proofs');
      const bytes = await this.#spool.readRoot(STATE_FILE);
      const state = bytes === undefined ? undefined : decodeState(bytes);
      const forgotten = state === undefined && (bytes !== undefined || entries.length + quarantined > 0);
      for (const entry of entries) this.#add(entry);
      await this.#resume(state, entries.at(-1));
      return this.#begin(state, forgotten);
    });
  }

  /**
   * Stores a proof at the end of the chain. `declared` are the losses that it declares. When that takes more room than
   * the configuration gives, the oldest proofs go first.
   *
   * @throws FieldsealError OUTBOX_UNUSABLE; the chain has not moved then, and trying again with the same proof is safe
   */
  append(message: Uint8Array, head: ChainHead, declared: readonly Loss[] = []): Promise<void> {
    return this.#exclusive(async () => {
      this.#checkContinues(head);
      await this.#makeRoom(message.length);
      const entry = newEntry((this.#last?.counter ?? -1) + 1, this.#now(), message, head);
      await this.#spool.store(entry, message);
      this.#add(entry);
      this.#last = entry;
      this.#chainLost = false;
      this.stats.appended += 1;
      if (declared.length > 0) {
        const losses = this.#losses.minus(declared);
        await this.#record({ losses });
      }
      this.emit('changed');
    });
  }

  /** Notes a loss durably until a proof declares it. */
  addLoss(loss: Loss): Promise<void> {
    return this.#exclusive(async () => {
      await this.#record({ losses: this.#losses.plus([loss]) });
      this.emit('changed');
    });
  }

  /** The proofs without a receipt, in chain order. */
  pending(): Iterable<OutboxEntry> {
    return this.#entries.values();
  }

  /** The proof of a digest, 32 bytes; undefined where none such waits. */
  find(digest: Uint8Array): OutboxEntry | undefined {
    return this.#entries.get(hex(digest));
  }

  has(entry: OutboxEntry): boolean {
    return this.#entries.has(entry.digest);
  }

  /**
   * A proof's bytes, as they were stored. Undefined where it has gone meanwhile, or where the file is damaged: then it
   * lies in quarantine and the loss is noted.
   */
  read(entry: OutboxEntry): Promise<Uint8Array | undefined> {
    return this.#exclusive(async () => {
      if (!this.has(entry)) return undefined;
      const loaded = await this.#spool.load(entry);
      if (loaded instanceof Uint8Array) return loaded;
      await this.#spool.writeNote(entry, { reason: 'corrupt', detail: loaded.corrupt });
      await this.#depart([entry], 'quarantine', 'outbox-corrupt');
      this.stats.corrupt += 1;
      const error = new FieldsealError('OUTBOX_CORRUPT', { detail: loaded.corrupt, place: entry.name });
      this.#log.error(error.toFields(), 'a stored proof cannot be read');
      return undefined;
    });
  }

  /**
   * Does what a verified receipt says: a proof that was accepted, flagged or known already is deleted, a rejected one
   * moves to quarantine with the reasons beside it. `unknown`: no such proof waits here.
   */
  settle(receipt: Receipt): Promise<'dropped' | 'quarantined' | 'unknown'> {
    return this.#exclusive(async () => {
      const entry = this.#entries.get(hex(receipt.digest));
      if (entry === undefined) return 'unknown';
      if (receipt.verdict === 'rejected') {
        await this.#reject(entry, receipt);
        return 'quarantined';
      }
      await this.#keepHead([entry]);
      await this.#spool.remove([entry]);
      this.#forget(entry);
      this.stats.settled += 1;
      this.emit('changed');
      return 'dropped';
    });
  }

  /** Notes that the run ended in good order and lets go of the folder. */
  async close(): Promise<void> {
    try {
      await this.#exclusive(() => this.#record({ clean: true }));
    } finally {
      await this.#lock.release();
    }
  }

  /**
   * A token that holds another key must neither go on with this chain nor begin one here, unless an operator gives it a folder of
   * its own. What is no device id, as a file that a failing disk has garbled, is written anew.
   */
  async #pinOwner(): Promise<void> {
    if (this.#owner === undefined) return;
    const bytes = await this.#spool.readRoot(OWNER_FILE);
    const known = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
    if (known === this.#owner) return;
    if (kidFromText(known) === undefined) return this.#spool.replaceRoot(OWNER_FILE, Buffer.from(`${this.#owner}\n`));
    await this.#lock.release();
    const detail = `${this.#owner} instead of ${known}`;
    throw new FieldsealError('KEY_CHANGED', { detail, place: join(this.#config.directory, OWNER_FILE) });
  }

  /** Takes up where the state and the spool leave off. */
  async #resume(state: OutboxState | undefined, tail: OutboxEntry | undefined): Promise<void> {
    this.#losses = new PendingLosses(state?.losses);
    this.#last = state?.last;
    this.#chainLost = state?.chainLost ?? false;
    this.#recordedCounter = state?.last?.counter ?? -1;
    if (tail !== undefined && tail.counter > this.#recordedCounter) {
      this.#last = tail;
      this.#chainLost = false;
      // The crash may have come between this proof and the state that says what it declares.
      if (this.#losses.all.length > 0) {
        const bytes = await this.#spool.loadAnyhow(tail);
        this.#losses = this.#losses.minus(lossesOfProof(tail, bytes).declared);
      }
    }
    for (const departure of state?.departures ?? []) await this.#finish(departure);
  }

  /** Writes down what the last run left unsaid, and that this one runs. */
  async #begin(state: OutboxState | undefined, forgotten: boolean): Promise<OutboxOpening> {
    const lastWritten = this.#last?.written;
    const unclean = state !== undefined && !state.clean;
    const from = Math.max(lastWritten ?? 0, state?.written ?? 0);
    const found: Loss[] = [];
    const loss = { count: 0, from: from > 0 ? from : this.#now(), to: Math.max(from, this.#now()) };
    if (forgotten) found.push({ reason: 'chain-lost', ...loss });
    if (unclean) found.push({ reason: 'unclean-shutdown', ...loss });
    this.#chainLost ||= forgotten;
    await this.#record({ losses: this.#losses.plus(found) });
    if (forgotten) this.#log.warn({}, 'the state of the chain is lost: the next proof begins an epoch');
    if (unclean) this.#log.warn({ lastWritten }, 'the last run did not end in good order');
    this.#log.info({ proofs: this.size, bytes: this.bytes }, 'outbox opened');
    const head = this.#last === undefined || this.#chainLost ? undefined : headOf(this.#last);
    return { head, chainLost: this.#chainLost, unclean, lastWritten };
  }

  async #reject(entry: OutboxEntry, receipt: Receipt): Promise<void> {
    const { reasons, received } = receipt;
    const { epoch, seq } = headOf(entry);
    await this.#spool.writeNote(entry, { reason: 'rejected', epoch: hex(epoch), seq, reasons, received });
    await this.#depart([entry], 'quarantine', 'rejected');
    this.stats.rejected += 1;
    const error = new FieldsealError('PROOF_REJECTED', { detail: reasons.join(', '), place: entry.name });
    this.#log.error(error.toFields(), 'the verifier rejected a proof');
  }

  /** Drops what is too old, and as many of the oldest as it takes to make room. */
  async #makeRoom(bytes: number): Promise<void> {
    const now = this.#now();
    const leaving: OutboxEntry[] = [];
    let total = this.#bytes + bytes;
    for (const entry of this.#entries.values()) {
      const old = entry.written >= CLOCK_IS_SET && entry.written < now - this.#config.maxAge;
      if (!old && total <= this.#config.maxBytes) break;
      leaving.push(entry);
      total -= entry.bytes;
    }
    if (leaving.length === 0) return;
    await this.#depart(leaving, 'nowhere', 'outbox-quota');
    this.stats.dropped += leaving.length;
    this.#log.warn({ proofs: leaving.length }, 'the outbox is full: its oldest proofs were dropped');
  }

  /** Lets proofs go that have no good receipt: their loss is on the disk before they go. */
  async #depart(leaving: readonly OutboxEntry[], to: Departure['to'], reason: Loss['reason']): Promise<void> {
    let losses = this.#losses;
    for (const entry of leaving) {
      const { readings, declared } = lossesOfProof(entry, await this.#spool.loadAnyhow(entry));
      // An empty proof is no loss of readings, but what it declared is undeclared again.
      losses = losses.plus(readings === undefined ? declared : [{ reason, ...readings }, ...declared]);
    }
    const departures = leaving.map((entry) => ({ entry, to }));
    await this.#record({ losses, departures });
    for (const departure of departures) await this.#finish(departure);
    this.emit('changed');
  }

  async #finish({ entry, to }: Departure): Promise<void> {
    if (to === 'quarantine') await this.#spool.quarantine(entry);
    else await this.#spool.remove([entry]);
    this.#forget(entry);
  }

  /** The head of the chain outlives its file. */
  async #keepHead(leaving: readonly OutboxEntry[]): Promise<void> {
    if (leaving.some((entry) => entry.counter > this.#recordedCounter && entry === this.#last)) await this.#record({});
  }

  async #record(change: { losses?: PendingLosses; departures?: readonly Departure[]; clean?: boolean }): Promise<void> {
    const losses = change.losses ?? this.#losses;
    const state: OutboxState = {
      last: this.#last,
      chainLost: this.#chainLost,
      losses: losses.all,
      departures: change.departures ?? [],
      clean: change.clean ?? false,
      written: this.#now(),
    };
    await this.#spool.replaceRoot(STATE_FILE, encodeState(state));
    this.#losses = losses;
    this.#recordedCounter = this.#last?.counter ?? -1;
  }

  #checkContinues(head: ChainHead): void {
    const last = this.#last === undefined || this.#chainLost ? undefined : headOf(this.#last);
    const same = last !== undefined && hex(last.epoch) === hex(head.epoch);
    const expected = same ? last.seq + 1 : 0;
    if (head.seq !== expected) throw new RangeError(`proof ${head.seq} where the chain goes on with ${expected}`);
  }

  #add(entry: OutboxEntry): void {
    this.#entries.set(entry.digest, entry);
    this.#bytes += entry.bytes;
  }

  #forget(entry: OutboxEntry): void {
    if (this.#entries.delete(entry.digest)) this.#bytes -= entry.bytes;
  }

  /** One operation at a time, in the order in which they are asked for. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      if (this.#broken !== undefined) throw this.#broken;
      try {
        return await work();
      } catch (error) {
        throw this.#judge(error);
      }
    });
    this.#turn = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** A disk that fails is the operator's to mend. What else fails is a bug. */
  #judge(error: unknown): unknown {
    const cause = error instanceof NotStored ? error.cause : error;
    if (systemCode(cause) === undefined || cause instanceof FieldsealError) return error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    const unusable = new FieldsealError('OUTBOX_UNUSABLE', { detail, place: 'outbox.directory', cause });
    if (!(error instanceof NotStored)) this.#broken = unusable;
    return unusable;
  }
}
