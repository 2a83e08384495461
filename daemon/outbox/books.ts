import type { ChainHead, Loss } from '../proof/index.ts';
import { headOf, type OutboxEntry } from './entry.ts';
import { lossesOfProof } from './gone.ts';
import { MAX_DECLARED, PendingLosses } from './losses.ts';
import type { Spool } from './spool.ts';
import { type Departure, encodeState, type OutboxState } from './state.ts';

export const STATE_FILE = 'state';

/** A proof that leaves without a good receipt, and what is to be written for it. */
interface Leaving extends Departure {
  /** What is written beside it in quarantine; undefined where that stands there already. */
  note: object | undefined;
  /** Where it is in memory alone. */
  readonly message: Uint8Array | undefined;
}

/**
 * What the outbox has decided: where the chain stands, which losses nobody has declared, which proofs go. A decision holds at
 * once; `write` brings the disk to it, in an order in which a crash at any moment forgets no loss and notes none twice. What a
 * failing disk does not take stays to be written, and the next `write` begins with it.
 */
export class Books {
  readonly #spool: Spool;
  readonly #now: () => number;
  /** The chain's last proof, on the disk or on its way there. */
  last: OutboxEntry | undefined;
  chainLost = false;
  /** Highest counter that was given out. */
  counter = -1;
  position = 0;
  #losses = new PendingLosses();
  #leaving: Leaving[] = [];
  #doomed: OutboxEntry[] = [];
  /** The accepted proof at the head of the chain, whose file is to be put aside. */
  #retiring: OutboxEntry | undefined;
  /** Those that were put aside. */
  #retired: readonly OutboxEntry[] = [];
  /** Highest counter of which the state file knows. */
  #recordedCounter = -1;
  #dirty = false;

  constructor(spool: Spool, now: () => number) {
    this.#spool = spool;
    this.#now = now;
  }

  /** Losses that no stored proof declares yet: as many as one proof takes. */
  get losses(): readonly Loss[] {
    return this.#losses.all.slice(0, MAX_DECLARED);
  }

  /** Where the chain stands; undefined where the next proof begins an epoch. */
  get head(): ChainHead | undefined {
    return this.last === undefined || this.chainLost ? undefined : headOf(this.last);
  }

  /** Takes up where the state file and the spool leave off. Only proofs that declare something are read. */
  async resume(
    state: OutboxState | undefined,
    entries: Iterable<OutboxEntry>,
    retired: readonly OutboxEntry[],
  ): Promise<void> {
    this.#retired = retired;
    this.#losses = new PendingLosses(state?.losses);
    this.last = state?.last;
    this.chainLost = state?.chainLost ?? false;
    this.#recordedCounter = state?.counter ?? -1;
    this.counter = Math.max(this.#recordedCounter, state?.last?.counter ?? -1);
    this.position = Math.max(state?.position ?? 0, state?.last?.position ?? 0);
    for (const entry of all(retired, entries)) {
      this.counter = Math.max(this.counter, entry.counter);
      this.position = Math.max(this.position, entry.position);
      if (entry.counter <= this.#recordedCounter) continue;
      if (!entry.aside && entry.counter > (this.last?.counter ?? -1)) {
        this.last = entry;
        this.chainLost = false;
      }
      // The crash may have come between this proof and the state that says what it declares.
      if (!entry.declares || this.#losses.all.length === 0) continue;
      const { declared } = lossesOfProof(entry, await this.#spool.loadAnyhow(entry));
      this.#losses = this.#losses.minus(declared);
    }
    const departures = state?.departures ?? [];
    this.#leaving = departures.map((departure) => ({ ...departure, note: undefined, message: undefined }));
  }

  /** A proof was made; `moves` where the chain goes on from it. */
  made(entry: OutboxEntry, declared: readonly Loss[], moves: boolean): void {
    this.counter = Math.max(this.counter, entry.counter);
    this.position = Math.max(this.position, entry.position);
    if (moves) {
      this.last = entry;
      this.chainLost = false;
    }
    if (declared.length === 0) return;
    this.#losses = this.#losses.minus(declared);
    this.#dirty = true;
  }

  /** Notes losses; with them every reading up to `position` is sealed or lost. */
  lose(losses: readonly Loss[], position = 0): void {
    this.#losses = this.#losses.plus(losses);
    this.position = Math.max(this.position, position);
    this.#dirty = true;
  }

  /** The state file has to be written, whatever changed. */
  touch(): void {
    this.#dirty = true;
  }

  /** Lets a proof go that has no good receipt. The loss is noted before it goes. */
  depart(entry: OutboxEntry, to: Departure['to'], more: { note?: object; message?: Uint8Array } = {}): void {
    this.#leaving.push({ entry, to, note: more.note, message: more.message });
    this.#dirty = true;
  }

  /** Lets a proof go whose receipt has come, or that was never whole. The head of the chain outlives its file. */
  doom(entry: OutboxEntry): void {
    if (this.#isOnlyTrace(entry)) this.#retiring = entry;
    else this.#doomed.push(entry);
  }

  /** Whether nothing but a proof's file tells where the chain stands. */
  #isOnlyTrace(entry: OutboxEntry): boolean {
    return entry.digest === this.last?.digest && entry.counter > this.#recordedCounter;
  }

  /** Brings the disk to what was decided. Throws what the disk throws; what is left is written the next time. */
  async write({ clean = false } = {}): Promise<void> {
    for (const leaving of this.#leaving) {
      if (leaving.note === undefined) continue;
      await this.#spool.writeNote(leaving.entry, leaving.note);
      leaving.note = undefined;
    }
    if (this.#dirty || clean) await this.#record(clean);
    while (this.#leaving[0] !== undefined) {
      const { entry, to, message } = this.#leaving[0];
      if (to === 'quarantine') await this.#spool.quarantine(entry, message);
      else await this.#spool.remove([entry]);
      this.#leaving.shift();
    }
    await this.#retire();
    await this.#spool.remove(this.#doomed);
    this.#doomed = [];
  }

  async #retire(): Promise<void> {
    const retiring = this.#retiring;
    if (retiring !== undefined && this.#isOnlyTrace(retiring)) {
      await this.#spool.retire(retiring);
      this.#retired = [...this.#retired, retiring];
    } else if (retiring !== undefined) this.#doomed.push(retiring);
    this.#retiring = undefined;
    for (const entry of this.#retired) {
      if (this.#isOnlyTrace(entry)) continue;
      await this.#spool.forgetRetired(entry);
      this.#retired = this.#retired.filter((one) => one !== entry);
    }
  }

  async #record(clean: boolean): Promise<void> {
    const { last, chainLost, counter, position } = this;
    const departures = this.#leaving.map(({ entry, to }) => ({ entry, to }));
    const state = {
      last,
      chainLost,
      counter,
      position,
      losses: this.#losses.all,
      departures,
      clean,
      written: this.#now(),
    };
    await this.#spool.replaceRoot(STATE_FILE, encodeState(state));
    this.#dirty = false;
    this.#recordedCounter = counter;
  }
}

function* all(...lists: readonly Iterable<OutboxEntry>[]): Iterable<OutboxEntry> {
  for (const list of lists) yield* list;
}
