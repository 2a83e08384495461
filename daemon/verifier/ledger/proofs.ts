import type { Database } from 'better-sqlite3';
import type { Reason } from '../../proof/index.ts';

/** What the verifier said of a proof, for good. */
export type Verdict = 'accepted' | 'flagged' | 'rejected';

/** A proof as the ledger keeps it, without its message and readings. */
export interface StoredProof {
  readonly id: number;
  readonly seq: number;
  readonly digest: Uint8Array;
  readonly prev: Uint8Array;
  /** Undefined while it is held for its predecessors. */
  readonly verdict: Verdict | undefined;
  readonly reasons: readonly Reason[];
  /** When it came, in ms by the verifier's clock. */
  readonly received: number;
  /** First and last reading, in ms by the gateway's clock. */
  readonly first: number;
  readonly last: number;
  /** How far the gateway's clock may be off, a step back that it declares included, in ms; undefined where it knew no time. */
  readonly uncertainty: number | undefined;
  /** End of the last loss of sealed proofs that it declares, in ms by the gateway's clock; undefined where it declares none. */
  readonly lostUntil: number | undefined;
}

/** A reading as the ledger keeps it: `fields` is JSON in the units of docs/readings.md. */
export interface StoredReading {
  readonly kind: string;
  readonly source: string;
  readonly t: number;
  readonly fields: string;
}

/** A proof to be stored. */
export interface NewProof extends Omit<StoredProof, 'id'> {
  readonly message: Uint8Array;
  readonly readings: readonly StoredReading[];
}

interface ProofRow {
  id: number;
  seq: number;
  digest: Uint8Array;
  prev: Uint8Array;
  verdict: Verdict | null;
  reasons: string;
  received: number;
  first: number;
  last: number;
  uncertainty: number | null;
  lost_until: number | null;
}

const COLUMNS = 'id, seq, digest, prev, verdict, reasons, received, first, last, uncertainty, lost_until';

/** The proofs and their readings. */
export class ProofTable {
  readonly #at;
  readonly #find;
  readonly #below;
  readonly #firstHeld;
  readonly #declaring;
  readonly #insert;
  readonly #insertReading;
  readonly #judge;
  readonly #delete;
  readonly #insertEquivocation;

  constructor(database: Database) {
    const select = (rest: string) =>
      database.prepare<number[], ProofRow>(`SELECT ${COLUMNS} FROM proofs WHERE chain = ? AND ${rest}`);
    this.#at = select('seq = ?');
    this.#find = database.prepare<[number], ProofRow>(`SELECT ${COLUMNS} FROM proofs WHERE id = ?`);
    this.#below = select('seq < ? ORDER BY seq DESC LIMIT 1');
    this.#firstHeld = select('verdict IS NULL ORDER BY seq LIMIT 1');
    this.#declaring = select('verdict IS NULL AND lost_until >= ? LIMIT 1');
    this.#insert = database.prepare<[Omit<ProofRow, 'id'> & { chain: number; size: number; message: Uint8Array }]>(
      `INSERT INTO proofs (chain, seq, digest, prev, verdict, reasons, received, size, first, last, uncertainty, lost_until, message)
       VALUES (@chain, @seq, @digest, @prev, @verdict, @reasons, @received, @size, @first, @last, @uncertainty, @lost_until, @message)`,
    );
    this.#insertReading = database.prepare<[number | bigint, number, string, string, number, string]>(
      'INSERT INTO readings (proof, position, kind, source, t, fields) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#judge = database.prepare<[Verdict, string, number]>(
      'UPDATE proofs SET verdict = ?, reasons = ? WHERE id = ?',
    );
    this.#delete = database.prepare<[number]>('DELETE FROM proofs WHERE id = ?');
    this.#insertEquivocation = database.prepare<[number, number, Uint8Array, Reason, number, Uint8Array]>(
      `INSERT INTO equivocations (chain, seq, digest, reason, received, message) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
  }

  at(chain: number, seq: number): StoredProof | undefined {
    return toProof(this.#at.get(chain, seq));
  }

  find(id: number): StoredProof | undefined {
    return toProof(this.#find.get(id));
  }

  /** The nearest stored proof before `seq`. */
  below(chain: number, seq: number): StoredProof | undefined {
    return toProof(this.#below.get(chain, seq));
  }

  /** The held proof of the lowest sequence number. */
  firstHeld(chain: number): StoredProof | undefined {
    return toProof(this.#firstHeld.get(chain));
  }

  /** A held proof that declares a loss of sealed proofs which lasted until `since` or longer. */
  heldDeclaring(chain: number, since: number): StoredProof | undefined {
    return toProof(this.#declaring.get(chain, since));
  }

  insert(chain: number, proof: NewProof): void {
    const { lastInsertRowid } = this.#insert.run({
      chain,
      seq: proof.seq,
      digest: proof.digest,
      prev: proof.prev,
      verdict: proof.verdict ?? null,
      reasons: JSON.stringify(proof.reasons),
      received: proof.received,
      size: proof.readings.length,
      first: proof.first,
      last: proof.last,
      uncertainty: proof.uncertainty ?? null,
      lost_until: proof.lostUntil ?? null,
      message: proof.message,
    });
    let position = 0;
    for (const { kind, source, t, fields } of proof.readings) {
      this.#insertReading.run(lastInsertRowid, position++, kind, source, t, fields);
    }
  }

  judge(id: number, verdict: Verdict, reasons: readonly Reason[]): void {
    this.#judge.run(verdict, JSON.stringify(reasons), id);
  }

  /** Forgets a proof and its readings: only to make room for the same proof with a sound block. */
  delete(id: number): void {
    this.#delete.run(id);
  }

  /** Keeps the evidence of a second history: the first such message for each place of a chain. */
  keepEquivocation(
    chain: number,
    other: { seq: number; digest: Uint8Array; reason: Reason; received: number; message: Uint8Array },
  ): void {
    this.#insertEquivocation.run(chain, other.seq, other.digest, other.reason, other.received, other.message);
  }
}

function toProof(row: ProofRow | undefined): StoredProof | undefined {
  if (row === undefined) return undefined;
  const { verdict, reasons, uncertainty, lost_until, ...same } = row;
  return {
    ...same,
    verdict: verdict ?? undefined,
    reasons: JSON.parse(reasons),
    uncertainty: uncertainty ?? undefined,
    lostUntil: lost_until ?? undefined,
  };
}
