import type { OutboxEntry } from './entry.ts';

/** The proofs that wait, in the order in which they were made. Some may be out of sight: they wait, and cannot be sent yet. */
export class Entries {
  readonly #entries = new Map<string, OutboxEntry>();
  readonly #hidden = new Set<string>();
  #bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** All of them. */
  values(): Iterable<OutboxEntry> {
    return this.#entries.values();
  }

  /** Those that may be sent. */
  *visible(): Iterable<OutboxEntry> {
    for (const entry of this.#entries.values()) if (!this.#hidden.has(entry.digest)) yield entry;
  }

  /** The proof of a digest, hexadecimal. */
  find(digest: string): OutboxEntry | undefined {
    return this.#entries.get(digest);
  }

  isVisible(entry: OutboxEntry): boolean {
    return this.#entries.has(entry.digest) && !this.#hidden.has(entry.digest);
  }

  add(entry: OutboxEntry): void {
    this.#entries.set(entry.digest, entry);
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

  delete(entry: OutboxEntry): void {
    this.#hidden.delete(entry.digest);
    if (this.#entries.delete(entry.digest)) this.#bytes -= entry.bytes;
  }
}
