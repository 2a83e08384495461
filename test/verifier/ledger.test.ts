import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { openLedger } from '../../daemon/verifier/index.ts';
import { GroupCommit } from '../../daemon/verifier/ledger/group-commit.ts';
import { Scratch } from './support.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

function failureOf(work: () => unknown): FieldsealError {
  try {
    work();
  } catch (error) {
    if (error instanceof FieldsealError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

describe('the ledger', () => {
  it('writes through to the disk at each commit, and holds references', () => {
    const ledger = scratch.ledger();
    expect(ledger.setting('journal_mode')).toBe('wal');
    expect(ledger.setting('synchronous')).toBe(2); // FULL
    expect(ledger.setting('foreign_keys')).toBe(1);
    expect(ledger.setting('user_version')).toBe(2);
  });

  it('is opened again as it was left', () => {
    const first = openLedger(scratch.path('again'));
    const secret = first.secret('nonces');
    first.close();
    const second = openLedger(scratch.path('again'));
    expect(second.secret('nonces')).toEqual(secret);
    expect(secret).toHaveLength(32);
    second.close();
  });

  it('serves two processes at once, and each sees what the other wrote', () => {
    const one = scratch.ledger();
    const other = scratch.ledger();
    expect(other.secret('nonces')).toEqual(one.secret('nonces'));
  });

  const foreign = (path: string) => {
    const database = new Database(path);
    database.exec('CREATE TABLE recipes (name TEXT)');
    database.close();
  };
  const fromTheFuture = (path: string) => {
    openLedger(path).close();
    const database = new Database(path);
    database.pragma('user_version = 99');
    database.close();
  };
  it.each<[string, (path: string) => void, RegExp]>([
    ['a file that is no database', (path) => writeFileSync(path, 'x'.repeat(5_000)), /not a database/],
    ["another program's database", foreign, /another program's database/],
    ['a ledger of a newer version', fromTheFuture, /newer version .*schema 99/],
    ['a folder', (path) => mkdirSync(path), /unable to open/],
  ])('refuses %s in one line that names it', (_, make, expected) => {
    const path = scratch.path('bad');
    make(path);
    const failure = failureOf(() => openLedger(path));
    expect(failure.code).toBe('LEDGER_UNUSABLE');
    expect(failure.message).toMatch(expected);
    expect(failure.toLine()).toContain(path);
    expect(failure.toLine()).not.toContain('\n');
  });

  it('refuses a path whose folder is not there', () => {
    const failure = failureOf(() => openLedger(scratch.path('missing/ledger')));
    expect(failure.code).toBe('LEDGER_UNUSABLE');
    expect(failure.message).toMatch(/folder does not exist/);
  });

  it.skipIf(process.getuid?.() === 0)('refuses a file that it may not write (skipped for root, who may)', () => {
    const path = scratch.path('readonly');
    openLedger(path).close();
    chmodSync(path, 0o400);
    expect(failureOf(() => openLedger(path)).code).toBe('LEDGER_UNUSABLE');
  });

  it('tells damage that shows later as the same error', () => {
    const path = scratch.path('damaged');
    openLedger(path).close();
    const database = new Database(path);
    database.unsafeMode();
    database.pragma('writable_schema = ON');
    database.exec("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'secrets'");
    database.close();
    expect(
      failureOf(() => {
        const ledger = openLedger(path);
        try {
          ledger.secret('nonces');
        } finally {
          ledger.close();
        }
      }).code,
    ).toBe('LEDGER_UNUSABLE');
  });
});

describe('a group commit', () => {
  it('puts the work of one turn into one transaction, in order', async () => {
    const ledger = scratch.ledger();
    const sizes: number[] = [];
    const commits = new GroupCommit(ledger, (size) => sizes.push(size));
    const results = await Promise.all([1, 2, 3].map((n) => commits.run(() => n * 10)));
    await commits.run(() => 0);
    expect(results).toEqual([10, 20, 30]);
    expect(sizes).toEqual([3, 1]);
  });

  it('stores nothing of a group in which one fails, and tells each', async () => {
    const ledger = scratch.ledger();
    const commits = new GroupCommit(ledger, () => {});
    const stored = commits.run(() => ledger.refusals.knock(new Uint8Array(32), 1));
    const failed = commits.run(() => {
      throw new Error('bug');
    });
    await expect(stored).rejects.toThrow('bug');
    await expect(failed).rejects.toThrow('bug');
    expect(ledger.refusals.strangers()).toEqual([]);
  });
});

describe('strangers', () => {
  it('are remembered with their count, the last thousand of them', () => {
    const ledger = scratch.ledger();
    const kid = (n: number) => {
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(0, n);
      return bytes;
    };
    ledger.write(() => {
      for (let n = 0; n < 1_005; n += 1) ledger.refusals.knock(kid(n), n);
      ledger.refusals.knock(kid(1_004), 2_000);
    });
    const strangers = ledger.refusals.strangers();
    expect(strangers).toHaveLength(1_000);
    expect(strangers[0]).toMatchObject({ count: 2, firstSeen: 1_004, lastSeen: 2_000 });
    expect(strangers.at(-1)).toMatchObject({ count: 1, lastSeen: 5 });
  });
});
