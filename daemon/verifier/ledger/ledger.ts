import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { FieldsealError } from '../../errors.ts';
import { ChainTable } from './chains.ts';
import { DeviceTable } from './devices.ts';
import { GapTable } from './gaps.ts';
import { ProofTable } from './proofs.ts';
import { RefusalTable } from './refusals.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';
import { Statistics } from './statistics.ts';

/** How long a writer waits for another process, such as `fieldseal verifier enroll`. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * The verifier's memory: devices, chains, verdicts and readings in one SQLite file. What `write` returned from is on the
 * disk (WAL, synchronous FULL), and survives a power cut.
 */
export class Ledger {
  readonly path: string;
  readonly devices: DeviceTable;
  readonly chains: ChainTable;
  readonly gaps: GapTable;
  readonly proofs: ProofTable;
  readonly refusals: RefusalTable;
  readonly statistics: Statistics;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.path = path;
    this.#database = database;
    this.devices = new DeviceTable(database);
    this.chains = new ChainTable(database);
    this.gaps = new GapTable(database);
    this.proofs = new ProofTable(database);
    this.refusals = new RefusalTable(database);
    this.statistics = new Statistics(database);
  }

  /** Runs `work` in one transaction that other processes see as a whole or not at all. */
  write<T>(work: () => T): T {
    return guarded(this.path, () => this.#database.transaction(work).immediate());
  }

  /** Runs `work`, which reads what other processes cannot change in between: one row, or rows that stay once they are there. */
  lookUp<T>(work: () => T): T {
    return guarded(this.path, work);
  }

  /** Runs `work` against one state of the ledger. */
  read<T>(work: () => T): T {
    return guarded(this.path, () => this.#database.transaction(work).deferred());
  }

  /** 32 random bytes of this ledger's own, made at the first call. */
  secret(name: string): Uint8Array {
    return this.write(() => {
      this.#database.prepare('INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)').run(name, randomBytes(32));
      const row = this.#database.prepare<[string], { value: Uint8Array }>('SELECT value FROM secrets WHERE name = ?');
      return row.get(name)?.value ?? new Uint8Array();
    });
  }

  /** The value of a SQLite setting, for those who want to be sure. */
  setting(name: 'journal_mode' | 'synchronous' | 'foreign_keys' | 'user_version'): unknown {
    return this.#database.pragma(name, { simple: true });
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * Opens the ledger, makes it where there is none, and brings an older one up to date.
 *
 * @throws FieldsealError LEDGER_UNUSABLE where the file is another program's, made by a newer version, damaged, locked or
 *   not writable.
 */
export function openLedger(path: string): Ledger {
  return guarded(path, () => {
    const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      prepare(path, database);
      return new Ledger(path, database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepare(path: string, database: Database.Database): void {
  const version = ownVersion(path, database);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  if (version === MIGRATIONS.length) return;
  database
    .transaction(() => {
      for (const step of MIGRATIONS.slice(ownVersion(path, database))) database.exec(step);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}

/** How many migrations the file has had; 0 for a new one. */
function ownVersion(path: string, database: Database.Database): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  const application = Number(database.pragma('application_id', { simple: true }));
  const tables = database.prepare<[], { count: number }>('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
  const isNew = application === 0 && version === 0 && tables === 0;
  if (!isNew && application !== APPLICATION_ID) throw unusable(path, "it is another program's database");
  if (version > MIGRATIONS.length) {
    throw unusable(path, `it was made by a newer version of Fieldseal (schema ${version}, known ${MIGRATIONS.length})`);
  }
  return version;
}

/** Turns what SQLite throws about the file or the disk into the operator's error. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Database.SqliteError && !MISUSE.test(error.code)) {
      throw unusable(path, `${error.message} (${error.code})`, error);
    }
    // The driver's own complaint about a folder that is not there.
    if (error instanceof TypeError && error.message.startsWith('Cannot open database')) {
      throw unusable(path, 'its folder does not exist', error);
    }
    throw error;
  }
}

/** Our own mistakes, not the operator's: broken SQL, types and constraints. */
const MISUSE = /^SQLITE_(ERROR|CONSTRAINT|MISMATCH|MISUSE|RANGE|TOOBIG)/;

const unusable = (path: string, detail: string, cause?: unknown): FieldsealError =>
  new FieldsealError('LEDGER_UNUSABLE', { place: path, detail, cause });
