import type { Database } from 'better-sqlite3';

/** One epoch of one device. */
export interface Chain {
  readonly id: number;
  readonly device: number;
  readonly kid: Uint8Array;
  readonly epoch: Uint8Array;
  /** 0 for the device's first chain. */
  readonly ordinal: number;
  /** The sequence number that is judged next: below it everything is judged, or missing for good. */
  readonly next: number;
  /** Proofs that wait for their predecessors. */
  readonly held: number;
}

/** A chain with proofs that wait for their predecessors. */
export interface WaitingChain extends Chain {
  /** When the first of them came, or the chain last got on, whichever is later; in ms. */
  readonly since: number;
}

/** The chains of proofs, one for each epoch of each device. */
export class ChainTable {
  readonly #find;
  readonly #insert;
  readonly #setNext;
  readonly #waiting;
  readonly #hold;

  constructor(database: Database) {
    const columns = 'chains.id, device, kid, epoch, ordinal, next, held';
    this.#find = database.prepare<[number, Uint8Array], Chain>(
      `SELECT ${columns} FROM chains JOIN devices ON devices.id = device WHERE device = ? AND epoch = ?`,
    );
    this.#insert = database.prepare<[number, Uint8Array, number]>(
      'INSERT INTO chains (device, epoch, ordinal) SELECT ?, ?, count(*) FROM chains WHERE device = ?',
    );
    this.#setNext = database.prepare<[number, number, number, number]>(
      'UPDATE chains SET next = ?, held = held - ?, moved = ? WHERE id = ?',
    );
    this.#hold = database.prepare<[number]>('UPDATE chains SET held = held + 1 WHERE id = ?');
    this.#waiting = database.prepare<[], WaitingChain>(
      `SELECT ${columns}, max(min(received), moved) AS since
       FROM proofs JOIN chains ON chains.id = chain JOIN devices ON devices.id = device
       WHERE verdict IS NULL GROUP BY chains.id`,
    );
  }

  find(device: number, epoch: Uint8Array): Chain | undefined {
    return this.#find.get(device, epoch);
  }

  /** Begins the chain of an epoch that the device has not shown before. */
  open(device: { readonly id: number; readonly kid: Uint8Array }, epoch: Uint8Array): Chain {
    this.#insert.run(device.id, epoch, device.id);
    const chain = this.#find.get(device.id, epoch);
    if (chain === undefined) throw new Error('a chain that was just inserted is not there');
    return chain;
  }

  /** The chain gets on to `next`, and judges so many proofs that were held. `now` in ms. */
  setNext(chain: number, next: number, released: number, now: number): void {
    this.#setNext.run(next, released, now, chain);
  }

  /** One more proof of the chain is held. */
  hold(chain: number): void {
    this.#hold.run(chain);
  }

  /** Every chain in which proofs are held. */
  waiting(): WaitingChain[] {
    return this.#waiting.all();
  }
}
