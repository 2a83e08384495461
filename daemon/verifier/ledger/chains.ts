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
}

/** A chain with proofs that wait for their predecessors. */
export interface WaitingChain extends Chain {
  readonly held: number;
  /** When the first of them came, in ms. */
  readonly since: number;
}

/** The chains of proofs, one for each epoch of each device. */
export class ChainTable {
  readonly #find;
  readonly #insert;
  readonly #setNext;
  readonly #waiting;
  readonly #heldIn;

  constructor(database: Database) {
    const columns = 'chains.id, device, kid, epoch, ordinal, next';
    this.#find = database.prepare<[number, Uint8Array], Chain>(
      `SELECT ${columns} FROM chains JOIN devices ON devices.id = device WHERE device = ? AND epoch = ?`,
    );
    this.#insert = database.prepare<[number, Uint8Array, number]>(
      'INSERT INTO chains (device, epoch, ordinal) SELECT ?, ?, count(*) FROM chains WHERE device = ?',
    );
    this.#setNext = database.prepare<[number, number]>('UPDATE chains SET next = ? WHERE id = ?');
    this.#waiting = database.prepare<[], WaitingChain>(
      `SELECT ${columns}, count(*) AS held, min(received) AS since
       FROM proofs JOIN chains ON chains.id = chain JOIN devices ON devices.id = device
       WHERE verdict IS NULL GROUP BY chains.id`,
    );
    this.#heldIn = database
      .prepare<[number], number>('SELECT count(*) FROM proofs WHERE chain = ? AND verdict IS NULL')
      .pluck();
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

  setNext(chain: number, next: number): void {
    this.#setNext.run(next, chain);
  }

  /** Every chain in which proofs are held. */
  waiting(): WaitingChain[] {
    return this.#waiting.all();
  }

  /** How many proofs are held in a chain. */
  held(chain: number): number {
    return this.#heldIn.get(chain) ?? 0;
  }
}
