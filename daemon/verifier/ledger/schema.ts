/** Marks the file as a Fieldseal ledger (`PRAGMA application_id`): "FSL1". */
export const APPLICATION_ID = 0x46534c31;

/**
 * The ledger's schema, one step an entry: `PRAGMA user_version` counts the steps that a file has taken. Steps are added,
 * never changed. Times are milliseconds since the Unix epoch by the verifier's clock, unless a comment says otherwise.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- Keys and nonces of the verifier's own that have to outlive a restart.
  CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

  -- The registry: what was admitted, pinned.
  CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    kid BLOB NOT NULL UNIQUE CHECK (length(kid) = 32),
    algorithm TEXT NOT NULL CHECK (algorithm IN ('ES256K', 'ES256')),
    x BLOB NOT NULL CHECK (length(x) = 32),
    y BLOB NOT NULL CHECK (length(y) = 32),
    hardware INTEGER NOT NULL CHECK (hardware IN (0, 1)),
    holder TEXT NOT NULL,
    owner TEXT,
    place TEXT CHECK (place IS NULL OR json_valid(place)),
    profiles TEXT NOT NULL CHECK (json_valid(profiles)),
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    admitted INTEGER NOT NULL,
    -- By the device's clock, as its enrolment record says.
    created INTEGER NOT NULL,
    enrolment BLOB NOT NULL,
    -- When it was first seen to sign two histories; NULL is never.
    equivocated INTEGER
  ) STRICT;

  -- One epoch of one device. Proofs below "next" are judged, or missing for good; the others wait.
  CREATE TABLE chains (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices (id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    -- 0 for the device's first chain.
    ordinal INTEGER NOT NULL,
    next INTEGER NOT NULL DEFAULT 0,
    UNIQUE (device, epoch)
  ) STRICT;

  CREATE TABLE proofs (
    id INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL REFERENCES chains (id),
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    prev BLOB NOT NULL CHECK (length(prev) = 32),
    -- NULL while the proof is held for its predecessors.
    verdict TEXT CHECK (verdict IN ('accepted', 'flagged', 'rejected')),
    -- JSON array of reason names.
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    received INTEGER NOT NULL,
    size INTEGER NOT NULL,
    -- First and last reading, by the gateway's clock; how far that may be off, NULL where it knew no time.
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    uncertainty INTEGER,
    -- End of the last loss of sealed proofs that it declares, by the gateway's clock; NULL where it declares none.
    lost_until INTEGER,
    message BLOB NOT NULL,
    UNIQUE (chain, seq)
  ) STRICT;
  CREATE INDEX proofs_held ON proofs (chain, seq) WHERE verdict IS NULL;

  -- "fields" is JSON in the units of docs/readings.md. Readings of held proofs are here too: join proofs for the verdict.
  CREATE TABLE readings (
    proof INTEGER NOT NULL REFERENCES proofs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    -- By the gateway's clock.
    t INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (proof, position)
  ) STRICT, WITHOUT ROWID;

  -- The other of two histories, signed like the one in proofs: together they are the evidence.
  CREATE TABLE equivocations (
    chain INTEGER NOT NULL REFERENCES chains (id),
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    reason TEXT NOT NULL,
    received INTEGER NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
  ) STRICT;

  -- What came for a known device and was turned away, counted.
  CREATE TABLE refusals (
    device INTEGER NOT NULL REFERENCES devices (id),
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (device, reason)
  ) STRICT;

  -- Key ids that nobody admitted.
  CREATE TABLE strangers (
    kid BLOB PRIMARY KEY CHECK (length(kid) = 32),
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX strangers_last_seen ON strangers (last_seen);
  `,
  `
  -- When "next" last moved: a chain that gets on is waited for.
  ALTER TABLE chains ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
  -- How many of its proofs are held.
  ALTER TABLE chains ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
  UPDATE chains SET held = (SELECT count(*) FROM proofs WHERE chain = chains.id AND verdict IS NULL);

  -- Proofs that their device declares lost, by ranges that count both ends in. A chain may have them before its first proof.
  CREATE TABLE lost_proofs (
    device INTEGER NOT NULL REFERENCES devices (id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (device, epoch, first, last)
  ) STRICT, WITHOUT ROWID;

  -- Gaps that were given up: how many proofs of the range are still missing, and the proof after it, which was flagged for it.
  -- A gap that late proofs fill goes, and with it the flag.
  CREATE TABLE gaps (
    chain INTEGER NOT NULL REFERENCES chains (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    proof INTEGER NOT NULL REFERENCES proofs (id) ON DELETE CASCADE,
    PRIMARY KEY (chain, first)
  ) STRICT, WITHOUT ROWID;
  `,
];
