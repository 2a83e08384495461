import type { Database } from 'better-sqlite3';

/** How a device's proofs fared. */
export interface DeviceStatistics {
  readonly accepted: number;
  readonly flagged: number;
  readonly rejected: number;
  /** Waiting for their predecessors. */
  readonly held: number;
  /** Places in its chains that nothing has come for, though later proofs were judged. */
  readonly missing: number;
  readonly equivocations: number;
  /** When its last proof came, in ms. */
  readonly lastSeen: number | undefined;
  /** The chain of the proof that came last, and the last sequence number that it holds. */
  readonly epoch: Uint8Array | undefined;
  readonly lastSeq: number | undefined;
}

interface Row {
  accepted: number;
  flagged: number;
  rejected: number;
  held: number;
  missing: number;
  equivocations: number;
  lastSeen: number | null;
  epoch: Uint8Array | null;
  lastSeq: number | null;
}

/** Counts over the whole ledger, for people: they read a device's every proof. */
export class Statistics {
  readonly #of;

  constructor(database: Database) {
    this.#of = database.prepare<[{ device: number }], Row>(`
      WITH own AS (SELECT id, epoch, next FROM chains WHERE device = @device),
           newest AS (SELECT own.id, epoch FROM proofs JOIN own ON own.id = chain ORDER BY received DESC, proofs.id DESC LIMIT 1)
      SELECT count(*) FILTER (WHERE verdict = 'accepted') AS accepted,
             count(*) FILTER (WHERE verdict = 'flagged') AS flagged,
             count(*) FILTER (WHERE verdict = 'rejected') AS rejected,
             count(*) FILTER (WHERE verdict IS NULL) AS held,
             coalesce((SELECT sum(next) FROM own), 0) - count(*) FILTER (WHERE seq < next) AS missing,
             (SELECT count(*) FROM equivocations WHERE chain IN (SELECT id FROM own)) AS equivocations,
             max(received) AS lastSeen,
             (SELECT epoch FROM newest) AS epoch,
             (SELECT max(seq) FROM proofs WHERE chain = (SELECT id FROM newest)) AS lastSeq
      FROM proofs JOIN own ON own.id = chain`);
  }

  of(device: number): DeviceStatistics {
    const row = this.#of.get({ device });
    return {
      accepted: row?.accepted ?? 0,
      flagged: row?.flagged ?? 0,
      rejected: row?.rejected ?? 0,
      held: row?.held ?? 0,
      missing: row?.missing ?? 0,
      equivocations: row?.equivocations ?? 0,
      lastSeen: row?.lastSeen ?? undefined,
      epoch: row?.epoch ?? undefined,
      lastSeq: row?.lastSeq ?? undefined,
    };
  }
}
