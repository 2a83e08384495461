import type { Database } from 'better-sqlite3';
import type { Loss, ProofRange } from '../../proof/index.ts';

/** What is missing in the chains: proofs that were declared lost, and gaps that were given up. */
export class GapTable {
  readonly #declare;
  readonly #isDeclared;
  readonly #open;
  readonly #at;
  readonly #fill;
  readonly #close;

  constructor(database: Database) {
    this.#declare = database.prepare<[number, Uint8Array, number, number, Loss['reason']]>(
      'INSERT OR IGNORE INTO lost_proofs (device, epoch, first, last, reason) VALUES (?, ?, ?, ?, ?)',
    );
    this.#isDeclared = database
      .prepare<[number, Uint8Array, number, number], number>(
        'SELECT 1 FROM lost_proofs WHERE device = ? AND epoch = ? AND first <= ? AND last >= ? LIMIT 1',
      )
      .pluck();
    this.#open = database.prepare<[number, number, number, number, number]>(
      'INSERT INTO gaps (chain, first, last, missing, proof) VALUES (?, ?, ?, ?, ?)',
    );
    this.#at = database.prepare<[number, number], { first: number; last: number; missing: number; proof: number }>(
      'SELECT first, last, missing, proof FROM gaps WHERE chain = ? AND first <= ? ORDER BY first DESC LIMIT 1',
    );
    this.#fill = database.prepare<[number, number]>(
      'UPDATE gaps SET missing = missing - 1 WHERE chain = ? AND first = ?',
    );
    this.#close = database.prepare<[number, number]>('DELETE FROM gaps WHERE chain = ? AND first = ?');
  }

  /** Notes which proofs a device says will never come. */
  declare(device: number, { epoch, first, last }: ProofRange, reason: Loss['reason']): void {
    this.#declare.run(device, epoch, first, last, reason);
  }

  /** Whether the device has declared a proof lost. */
  isDeclared(device: number, epoch: Uint8Array, seq: number): boolean {
    return this.#isDeclared.get(device, epoch, seq, seq) !== undefined;
  }

  /** Notes a gap that is given up, and the id of the proof after it. */
  giveUp(chain: number, first: number, last: number, proof: number): void {
    this.#open.run(chain, first, last, last - first + 1, proof);
  }

  /** A proof has come late. Gives the id of the proof that was flagged for its gap, where that is filled now. */
  fill(chain: number, seq: number): number | undefined {
    const gap = this.#at.get(chain, seq);
    if (gap === undefined || gap.last < seq) return undefined;
    if (gap.missing > 1) {
      this.#fill.run(chain, gap.first);
      return undefined;
    }
    this.#close.run(chain, gap.first);
    return gap.proof;
  }
}
