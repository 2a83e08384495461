import type { OutboxEntry } from '../outbox/index.ts';

export interface FlightLimits {
  /** Proofs that may wait for the broker's acknowledgement at once. */
  readonly window: number;
  /** Proofs that may wait for a receipt at once, acknowledged by the broker or not. */
  readonly awaiting: number;
  /** A proof without a receipt for so long is due again. */
  readonly receiptTimeoutMs: number;
  /** Proofs that are made while the connection lasts go before those that waited for it. */
  readonly freshFirst: boolean;
}

/** The proofs of the outbox, oldest first. */
export interface Waiting {
  /** Those above a counter; all without one. */
  pending(after?: number): Iterable<OutboxEntry>;
}

/** A proof to be published now. */
export interface Departure {
  readonly entry: OutboxEntry;
  /** It goes before proofs of its chain that are older. */
  readonly ahead: boolean;
}

interface Flight {
  readonly entry: OutboxEntry;
  /** When it was last published, by the injected clock. */
  readonly published: number;
  /** How often it was published. */
  readonly times: number;
  /** The connection broke before the broker had it. */
  readonly broken: boolean;
}

/** Repeats grow rarer up to this. */
const LONGEST_REPEAT_MS = 600_000;

/**
 * Decides which proof is published next. Two windows: few wait for the broker's acknowledgement, ten times as many for a
 * receipt, and none but those are known to the broker, however many lie in the outbox.
 *
 * A proof without a receipt in time is published again, more rarely each time. But while no receipt comes for any, the
 * verifier is away, and more copies would only fill the broker: the oldest proof alone is published again then, at doubling
 * intervals. The oldest, as the verifier holds whatever comes ahead of its predecessors and answers nothing before they have
 * come. The first receipt makes all that are overdue due at once.
 *
 * A proof that is made while older ones still drain may go ahead of them. The verifier holds it until they have come, so it
 * waits for its receipt outside of the windows, and is not repeated before they are through.
 */
export class Flights {
  readonly #limits: FlightLimits;
  readonly #now: () => number;
  /** By digest; the one that was published longest ago comes first. */
  readonly #flights = new Map<string, Flight>();
  /** Published before older ones, by digest; in chain order. */
  readonly #ahead = new Map<string, Flight>();
  /** Of those, how many since the last receipt: the broker may still have them all. */
  #aheadUnheard = 0;
  /** Proofs above this counter are fresh, and those up to the other one were published as such. */
  #freshAfter = Number.POSITIVE_INFINITY;
  #freshSent = -1;
  /** Digests that the broker has not acknowledged. */
  readonly #unacknowledged = new Set<string>();
  #window: number;
  #lastReceipt = Number.NEGATIVE_INFINITY;
  #nextProbe = Number.NEGATIVE_INFINITY;
  #probeInterval: number;

  /** @param now milliseconds that never go back */
  constructor(limits: FlightLimits, now: () => number) {
    this.#limits = limits;
    this.#window = limits.window;
    this.#now = now;
    this.#probeInterval = limits.receiptTimeoutMs;
  }

  get inFlight(): number {
    return this.#unacknowledged.size;
  }

  get awaitingReceipt(): number {
    return this.#flights.size + this.#ahead.size;
  }

  /** Proofs that the broker has and that have no receipt. */
  get delivered(): number {
    let count = 0;
    for (const { entry, broken } of this.#flights.values()) {
      if (!broken && !this.#unacknowledged.has(entry.digest)) count += 1;
    }
    return count;
  }

  /** A connection is there that takes so many messages at once; proofs above the counter are made while it lasts. */
  connected(receiveMaximum: number, newest: number): void {
    this.#window = Math.min(this.#limits.window, receiveMaximum);
    if (this.#limits.freshFirst) this.#freshAfter = newest;
  }

  /** The proof to publish now, if any. */
  next(waiting: Waiting, skip: ReadonlySet<string>): Departure | undefined {
    if (this.#unacknowledged.size >= this.#window) return undefined;
    const again = this.#due(skip);
    if (again !== undefined) return { entry: again, ahead: false };
    const isFree = ({ digest }: OutboxEntry) =>
      !this.#flights.has(digest) && !this.#ahead.has(digest) && !skip.has(digest);
    const fresh = this.#nextFresh(waiting, isFree);
    const isFull = this.#flights.size >= this.#limits.awaiting;
    if (fresh === undefined && isFull) return undefined;
    const oldest = first(waiting.pending(), isFree);
    this.#catchUp(oldest);
    const entry = fresh ?? oldest;
    const ahead = entry?.digest !== oldest?.digest;
    return entry === undefined || (isFull && !ahead) ? undefined : { entry, ahead };
  }

  /** Milliseconds until a proof may be due again; undefined while only an acknowledgement or a receipt changes that. */
  untilDue(): number | undefined {
    if (this.#unacknowledged.size >= this.#window) return undefined;
    const oldest = this.#oldest();
    let due = Number.POSITIVE_INFINITY;
    for (const flight of this.#flights.values()) {
      if (this.#unacknowledged.has(flight.entry.digest)) continue;
      due = Math.min(due, this.#mayGoAt(flight, oldest));
    }
    return due === Number.POSITIVE_INFINITY ? undefined : Math.max(0, due - this.#now());
  }

  /** Publishing begins. Says how often the proof was published before. */
  departs({ entry, ahead }: Departure): number {
    const before = this.#flights.get(entry.digest);
    const times = before?.times ?? 0;
    const now = this.#now();
    this.#unacknowledged.add(entry.digest);
    if (ahead) {
      this.#ahead.set(entry.digest, { entry, published: now, times: 1, broken: false });
      this.#freshSent = entry.counter;
      this.#aheadUnheard += 1;
      return 0;
    }
    if (before !== undefined && !before.broken && this.#isSilentSince(before)) {
      this.#nextProbe = now + this.#probeInterval;
      this.#probeInterval = Math.min(this.#probeInterval * 2, this.#longestRepeat);
    }
    this.#flights.delete(entry.digest);
    this.#flights.set(entry.digest, { entry, published: now, times: times + 1, broken: false });
    return times;
  }

  /** The broker has answered, whatever it said; the receipt is still to come. */
  acknowledged(entry: OutboxEntry): void {
    this.#unacknowledged.delete(entry.digest);
  }

  /** The connection broke first: the proof goes out again, before all others, or when its turn comes if it went ahead. */
  broke(entry: OutboxEntry): void {
    this.#unacknowledged.delete(entry.digest);
    this.#ahead.delete(entry.digest);
    const flight = this.#flights.get(entry.digest);
    if (flight !== undefined) this.#flights.set(entry.digest, { ...flight, broken: true });
  }

  /** The broker can't take it at all. */
  returns(entry: OutboxEntry): void {
    this.#unacknowledged.delete(entry.digest);
    this.#flights.delete(entry.digest);
    this.#ahead.delete(entry.digest);
  }

  /** A receipt came, whichever proof it was for: the verifier is there. */
  receiptCame(): void {
    this.#aheadUnheard = 0;
    this.#lastReceipt = this.#now();
    this.#nextProbe = Number.NEGATIVE_INFINITY;
    this.#probeInterval = this.#limits.receiptTimeoutMs;
  }

  /** The proof of a digest, hexadecimal, has left the outbox. */
  arrived(digest: string): void {
    this.#flights.delete(digest);
    this.#ahead.delete(digest);
  }

  /** Lets go of the proofs that have left the outbox by another way than a receipt. */
  keep(isPending: (entry: OutboxEntry) => boolean): void {
    for (const { entry } of this.#flights.values()) if (!isPending(entry)) this.#flights.delete(entry.digest);
  }

  #nextFresh(waiting: Waiting, isFree: (entry: OutboxEntry) => boolean): OutboxEntry | undefined {
    if (this.#aheadUnheard >= this.#limits.awaiting) return undefined;
    const after = Math.max(this.#freshAfter, this.#freshSent);
    return after === Number.POSITIVE_INFINITY ? undefined : first(waiting.pending(after), isFree);
  }

  /** Those that went ahead wait like all others once nothing that is older has still to go. */
  #catchUp(oldest: OutboxEntry | undefined): void {
    for (const [digest, flight] of this.#ahead) {
      if (oldest !== undefined && flight.entry.counter > oldest.counter) return;
      this.#ahead.delete(digest);
      this.#flights.set(digest, { ...flight, published: this.#now() });
    }
  }

  #due(skip: ReadonlySet<string>): OutboxEntry | undefined {
    const now = this.#now();
    const oldest = this.#oldest();
    let due: OutboxEntry | undefined;
    for (const flight of this.#flights.values()) {
      const { digest } = flight.entry;
      if (this.#unacknowledged.has(digest) || skip.has(digest)) continue;
      if (flight.broken) return flight.entry;
      if (due === undefined && this.#mayGoAt(flight, oldest) <= now) due = flight.entry;
    }
    return due;
  }

  /** The first in the chain, which is not always the one that was published longest ago. */
  #oldest(): Flight | undefined {
    let oldest: Flight | undefined;
    for (const flight of this.#flights.values()) {
      if (oldest === undefined || flight.entry.counter < oldest.entry.counter) oldest = flight;
    }
    return oldest;
  }

  #mayGoAt(flight: Flight, oldest: Flight | undefined): number {
    const due = this.#dueAt(flight);
    if (flight.broken || !this.#isSilentSince(flight)) return due;
    return flight === oldest ? Math.max(due, this.#nextProbe) : Number.POSITIVE_INFINITY;
  }

  #dueAt(flight: Flight): number {
    if (flight.broken) return Number.NEGATIVE_INFINITY;
    const timeout = this.#limits.receiptTimeoutMs * 2 ** (flight.times - 1);
    return flight.published + Math.min(timeout, this.#longestRepeat);
  }

  #isSilentSince(flight: Flight): boolean {
    return this.#lastReceipt < flight.published;
  }

  get #longestRepeat(): number {
    return Math.max(this.#limits.receiptTimeoutMs, LONGEST_REPEAT_MS);
  }
}

function first(entries: Iterable<OutboxEntry>, isFree: (entry: OutboxEntry) => boolean): OutboxEntry | undefined {
  for (const entry of entries) if (isFree(entry)) return entry;
  return undefined;
}
