import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { untilChange } from './until.ts';

/** A proof as the ledger holds it. */
export interface LedgerProof {
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
  readonly prev: string;
  /** Null while it is held for its predecessors. */
  readonly verdict: string | null;
  readonly reasons: readonly string[];
  readonly size: number;
  readonly message: Uint8Array;
}

interface Row extends Omit<LedgerProof, 'reasons'> {
  readonly reasons: string;
}

const PROOFS = `
  SELECT lower(hex(epoch)) AS epoch, seq, lower(hex(digest)) AS digest, lower(hex(prev)) AS prev, verdict, reasons, size, message
  FROM proofs JOIN chains ON chains.id = chain ORDER BY chain, seq`;

/** Looks into the verifier's ledger from outside, while it runs or not, and changes nothing. */
export class LedgerView {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** All proofs, in chain order. */
  proofs(): LedgerProof[] {
    return this.#query<Row>(PROOFS).map((row) => ({ ...row, reasons: JSON.parse(row.reasons) }));
  }

  /** How many rows a table has. */
  count(table: 'chains' | 'readings' | 'equivocations' | 'refusals'): number {
    return this.#query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]?.n ?? 0;
  }

  /** Kinds and sources of all readings, counted. */
  readings(): { kind: string; source: string; n: number }[] {
    return this.#query('SELECT kind, source, count(*) AS n FROM readings GROUP BY kind, source ORDER BY source, kind');
  }

  /** The receivers' times of all fixes, ms since the Unix epoch, in order. */
  fixTimes(): number[] {
    const sql = `SELECT json_extract(fields, '$.time') AS time FROM readings WHERE kind = 'gnss.fix' ORDER BY time`;
    return this.#query<{ time: string }>(sql).map(({ time }) => Date.parse(time));
  }

  /** The names of all camera frames, one for each time that a file was sealed, in order. */
  frames(): string[] {
    const sql = `SELECT json_extract(fields, '$.name') AS name FROM readings WHERE kind = 'camera.frame' ORDER BY name`;
    return this.#query<{ name: string }>(sql).map(({ name }) => name);
  }

  /** Resolves when so many proofs are accepted. */
  async accepted(wanted: number, ms?: number): Promise<LedgerProof[]> {
    return this.until((proofs) => proofs.filter(({ verdict }) => verdict === 'accepted').length >= wanted, ms);
  }

  /** Resolves when the proofs are as they should be. */
  async until(good: (proofs: readonly LedgerProof[]) => boolean, ms?: number): Promise<LedgerProof[]> {
    const look = () => {
      const proofs = this.proofs();
      return good(proofs) ? proofs : undefined;
    };
    const what = () => `the ledger, which holds ${this.proofs().map(({ seq, verdict }) => `${seq} ${verdict}`)}`;
    return untilChange(dirname(this.#path), look, { what, ...(ms === undefined ? {} : { ms }) });
  }

  #query<R>(sql: string): R[] {
    if (!existsSync(this.#path)) return [];
    const database = new Database(this.#path, { readonly: true, timeout: 10_000 });
    try {
      return database.prepare<[], R>(sql).all();
    } finally {
      database.close();
    }
  }
}
