import Database from 'better-sqlite3';
import { parseProof } from '../../dist/proof/index.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** What the verifier's ledger holds: proofs in chain order, fixes by source and receiver time, and whatever else came. */
export function readLedger(file) {
  const database = new Database(file, { readonly: true });
  const all = (sql) => database.prepare(sql).all();
  try {
    const proofs = all(`SELECT epoch, seq, digest, prev, verdict, reasons, size, received, message
      FROM proofs JOIN chains ON chains.id = chain ORDER BY chain, seq`).map((row) => ({
      ...row,
      ...{ epoch: hex(row.epoch), digest: hex(row.digest), prev: hex(row.prev) },
      losses: parseProof(row.message).payload.losses,
      message: undefined,
    }));
    const fixes = all("SELECT source, json_extract(fields, '$.time') AS time, t FROM readings WHERE kind = 'gnss.fix'");
    const count = (table) => all(`SELECT count(*) AS n FROM ${table}`)[0].n;
    const refused = all('SELECT reason, count FROM refusals').map(({ reason, count: times }) => `${reason} ${times}`);
    return { ...{ proofs, fixes, refused }, readings: count('readings'), equivocations: count('equivocations') };
  } finally {
    database.close();
  }
}
