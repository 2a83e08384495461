import type { OutboxEntry } from './entry.ts';

/** A proof that the disk has not taken. */
export interface HeldProof {
  readonly entry: OutboxEntry;
  readonly message: Uint8Array;
  /** Something of it may lie on the disk. */
  readonly attempted: boolean;
}

/** Proofs in memory, while the disk takes nothing; in the order in which they were made. */
export class HeldProofs {
  readonly #held = new Map<string, HeldProof>();
  #bytes = 0;

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(entry: OutboxEntry): HeldProof | undefined {
    return this.#held.get(entry.digest);
  }

  /** A copy, so that proofs may go while one looks at each. */
  all(): HeldProof[] {
    return [...this.#held.values()];
  }

  /** The first that was made while the disk failed: the chain on the disk can do without it. */
  firstAside(): HeldProof | undefined {
    return this.all().find(({ entry }) => entry.aside);
  }

  hold(entry: OutboxEntry, message: Uint8Array, attempted: boolean): void {
    this.#held.set(entry.digest, { entry, message, attempted });
    this.#bytes += message.length;
  }

  attempt(entry: OutboxEntry): void {
    const held = this.#held.get(entry.digest);
    if (held !== undefined) this.#held.set(entry.digest, { ...held, attempted: true });
  }

  release(entry: OutboxEntry): void {
    const held = this.#held.get(entry.digest);
    if (held === undefined) return;
    this.#held.delete(entry.digest);
    this.#bytes -= held.message.length;
  }
}
