import type { Database } from 'better-sqlite3';
import type { Reason } from '../../proof/index.ts';

/** A key id that nobody admitted, but that publishes. */
export interface Stranger {
  readonly kid: Uint8Array;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** What a known device sent and the verifier turned away, counted by reason. */
export interface Refusal {
  readonly reason: Reason;
  /** Of the last one. */
  readonly detail: string;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** Strangers remembered at most: anyone whom the broker lets publish can make up key ids. */
const MAX_STRANGERS = 1_000;

/** What was turned away: counted, bounded, and never part of a chain. */
export class RefusalTable {
  readonly #knock;
  readonly #forget;
  readonly #strangers;
  readonly #forgetOne;
  readonly #refuse;
  readonly #refusals;

  constructor(database: Database) {
    this.#knock = database.prepare<[Uint8Array, number, number]>(
      `INSERT INTO strangers (kid, count, first_seen, last_seen) VALUES (?, 1, ?, ?)
       ON CONFLICT (kid) DO UPDATE SET count = count + 1, last_seen = excluded.last_seen`,
    );
    this.#forget = database.prepare<[number]>(
      'DELETE FROM strangers WHERE kid IN (SELECT kid FROM strangers ORDER BY last_seen DESC LIMIT -1 OFFSET ?)',
    );
    this.#forgetOne = database.prepare<[Uint8Array]>('DELETE FROM strangers WHERE kid = ?');
    this.#strangers = database.prepare<[], Stranger>(
      `SELECT kid, count, first_seen AS firstSeen, last_seen AS lastSeen FROM strangers
       WHERE kid NOT IN (SELECT kid FROM devices) ORDER BY last_seen DESC`,
    );
    this.#refuse = database.prepare<[number, Reason, string, number, number]>(
      `INSERT INTO refusals (device, reason, detail, count, first_seen, last_seen) VALUES (?, ?, ?, 1, ?, ?)
       ON CONFLICT (device, reason) DO UPDATE
       SET count = count + 1, detail = excluded.detail, last_seen = excluded.last_seen`,
    );
    this.#refusals = database.prepare<[number], Refusal>(
      `SELECT reason, detail, count, first_seen AS firstSeen, last_seen AS lastSeen FROM refusals
       WHERE device = ? ORDER BY last_seen DESC`,
    );
  }

  /** Remembers that a key id published which nobody admitted. */
  knock(kid: Uint8Array, now: number): void {
    if (this.#knock.run(kid, now, now).changes > 0) this.#forget.run(MAX_STRANGERS);
  }

  /** Forgets a stranger, who is one no longer. */
  welcome(kid: Uint8Array): void {
    this.#forgetOne.run(kid);
  }

  strangers(): Stranger[] {
    return this.#strangers.all();
  }

  /** Counts a message of a known device that was turned away. */
  refuse(device: number, reason: Reason, detail: string, now: number): void {
    this.#refuse.run(device, reason, detail, now, now);
  }

  of(device: number): Refusal[] {
    return this.#refusals.all(device);
  }
}
