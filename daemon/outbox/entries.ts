import { fromHex, hex, type OutboxEntry } from './entry.ts';

const MIN_CAPACITY = 1_024;
const ALIVE = 1;
const DECLARES = 2;
const ASIDE = 4;
const DIGEST = 32;
const EPOCH = 16;

/**
 * The proofs that wait, in the order in which they were made. Some may be out of sight: they wait, and cannot be sent yet.
 *
 * A gateway that is offline for a week has a hundred thousand of them: they are kept as columns, about a hundred bytes each, where
 * as many objects would take four times that. Slots are given out in order; one that is free again is used when
 * half of them are.
 */
export class Entries {
  #counter = new Float64Array();
  #written = new Float64Array();
  #position = new Float64Array();
  #seq = new Float64Array();
  #bytesOf = new Uint32Array();
  #crc = new Uint32Array();
  #flags = new Uint8Array();
  #digest = new Uint8Array();
  #epoch = new Uint8Array();
  /** Slot by digest, plus one: open addressing with linear probing. What has gone stays in it until the slots move. */
  #table = new Uint32Array();
  #used = 0;
  #first = 0;
  #size = 0;
  #bytes = 0;
  readonly #hidden = new Set<string>();

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** All of them. */
  *values(): Iterable<OutboxEntry> {
    for (let slot = this.#first; slot < this.#used; slot++) if (this.#isAlive(slot)) yield this.#at(slot);
  }

  /** Those that may be sent, from the one after a counter on. */
  *visible(after: number): Iterable<OutboxEntry> {
    for (let slot = this.#slotAfter(after); slot < this.#used; slot++) {
      if (!this.#isAlive(slot)) continue;
      const entry = this.#at(slot);
      if (!this.#hidden.has(entry.digest)) yield entry;
    }
  }

  /** The proof of a digest, hexadecimal. */
  find(digest: string): OutboxEntry | undefined {
    const slot = this.#slotOf(digest);
    return slot === undefined ? undefined : this.#at(slot);
  }

  isVisible({ digest }: OutboxEntry): boolean {
    return !this.#hidden.has(digest) && this.#slotOf(digest) !== undefined;
  }

  /** Adds a proof; none may have been made after it. */
  add(entry: OutboxEntry): void {
    if (this.#used > 0 && entry.counter < (this.#counter[this.#used - 1] ?? 0)) {
      throw new RangeError(`proof ${entry.counter} comes after ${this.#counter[this.#used - 1]}`);
    }
    if (this.#used === this.#counter.length) this.#makeRoom();
    const slot = this.#used++;
    this.#counter[slot] = entry.counter;
    this.#written[slot] = entry.written;
    this.#position[slot] = entry.position;
    this.#seq[slot] = entry.seq;
    this.#bytesOf[slot] = entry.bytes;
    this.#crc[slot] = entry.crc;
    this.#flags[slot] = ALIVE + (entry.declares ? DECLARES : 0) + (entry.aside ? ASIDE : 0);
    this.#digest.set(fromHex(entry.digest), slot * DIGEST);
    this.#epoch.set(fromHex(entry.epoch), slot * EPOCH);
    this.#index(slot);
    this.#size += 1;
    this.#bytes += entry.bytes;
  }

  hide(entry: OutboxEntry): void {
    this.#hidden.add(entry.digest);
  }

  show(entry: OutboxEntry): void {
    this.#hidden.delete(entry.digest);
  }

  showAll(): void {
    this.#hidden.clear();
  }

  delete({ digest }: OutboxEntry): void {
    this.#hidden.delete(digest);
    const slot = this.#slotOf(digest);
    if (slot === undefined) return;
    this.#flags[slot] = 0;
    this.#size -= 1;
    this.#bytes -= this.#bytesOf[slot] ?? 0;
    while (this.#first < this.#used && !this.#isAlive(this.#first)) this.#first += 1;
  }

  #isAlive(slot: number): boolean {
    return ((this.#flags[slot] ?? 0) & ALIVE) !== 0;
  }

  #at(slot: number): OutboxEntry {
    const flags = this.#flags[slot] ?? 0;
    return {
      counter: this.#counter[slot] ?? 0,
      written: this.#written[slot] ?? 0,
      position: this.#position[slot] ?? 0,
      declares: (flags & DECLARES) !== 0,
      aside: (flags & ASIDE) !== 0,
      bytes: this.#bytesOf[slot] ?? 0,
      crc: this.#crc[slot] ?? 0,
      epoch: hex(this.#epoch.subarray(slot * EPOCH, (slot + 1) * EPOCH)),
      seq: this.#seq[slot] ?? 0,
      digest: hex(this.#digest.subarray(slot * DIGEST, (slot + 1) * DIGEST)),
    };
  }

  /** The first slot of a counter above the given one. */
  #slotAfter(counter: number): number {
    let [low, high] = [this.#first, this.#used];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#counter[middle] ?? 0) > counter) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #slotOf(digest: string): number | undefined {
    if (this.#table.length === 0) return undefined;
    const wanted = fromHex(digest);
    for (let place = this.#placeOf(wanted); ; place = (place + 1) & (this.#table.length - 1)) {
      const slot = (this.#table[place] ?? 0) - 1;
      if (slot < 0) return undefined;
      const own = this.#digest.subarray(slot * DIGEST, (slot + 1) * DIGEST);
      if (this.#isAlive(slot) && Buffer.compare(own, wanted) === 0) return slot;
    }
  }

  #index(slot: number): void {
    let place = this.#placeOf(this.#digest.subarray(slot * DIGEST, slot * DIGEST + 4));
    while (this.#table[place] !== 0) place = (place + 1) & (this.#table.length - 1);
    this.#table[place] = slot + 1;
  }

  /** A digest is as good as random: its first bytes will do. */
  #placeOf([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) & (this.#table.length - 1);
  }

  /** Moves the slots together, and doubles their number where less than half of them are free. */
  #makeRoom(): void {
    const before = this.#counter.length;
    const capacity = this.#size * 2 <= before ? Math.max(before, MIN_CAPACITY) : before * 2;
    const alive = Array.from({ length: this.#used }, (_, slot) => slot).filter((slot) => this.#isAlive(slot));
    const take = <T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T, width = 1): T => {
      for (const [slot, old] of alive.entries()) to.set(from.subarray(old * width, (old + 1) * width), slot * width);
      return to;
    };
    this.#counter = take(this.#counter, new Float64Array(capacity));
    this.#written = take(this.#written, new Float64Array(capacity));
    this.#position = take(this.#position, new Float64Array(capacity));
    this.#seq = take(this.#seq, new Float64Array(capacity));
    this.#bytesOf = take(this.#bytesOf, new Uint32Array(capacity));
    this.#crc = take(this.#crc, new Uint32Array(capacity));
    this.#digest = take(this.#digest, new Uint8Array(capacity * DIGEST), DIGEST);
    this.#epoch = take(this.#epoch, new Uint8Array(capacity * EPOCH), EPOCH);
    this.#flags = take(this.#flags, new Uint8Array(capacity));
    this.#table = new Uint32Array(capacity * 2);
    [this.#used, this.#first] = [alive.length, 0];
    for (let slot = 0; slot < this.#used; slot++) this.#index(slot);
  }
}
