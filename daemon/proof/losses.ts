/** Why readings or proofs are missing. Numbers are part of the format: added, never changed or reused. */
export const LOSS_REASONS = {
  /** A source gave more than the daemon could take. */
  'source-overflow': 1,
  /** The outbox was full, and proofs were dropped. */
  'outbox-quota': 2,
  /** The daemon ended without sealing what it held. */
  'unclean-shutdown': 3,
  /** The token signed more slowly than batches closed. */
  'signer-backlog': 4,
  /** The verifier refused proofs; they lie in quarantine. */
  rejected: 5,
  /** Stored proofs could not be read back. */
  'outbox-corrupt': 6,
  /** The state of the chain was lost and a new epoch begun. */
  'chain-lost': 7,
  /** Positions and frames within a privacy zone, which are not recorded; the times are those of whole minutes around it. */
  'privacy-zone': 8,
  /** A file went away before it could be hashed. */
  'file-vanished': 9,
} as const satisfies Readonly<Record<string, number>>;

export type LossReason = keyof typeof LOSS_REASONS;

/** Proofs of one epoch that follow one another. */
export interface ProofRange {
  /** 16 bytes. */
  readonly epoch: Uint8Array;
  readonly first: number;
  /** Counted in. */
  readonly last: number;
}

/** What was dropped and when. */
export interface Loss {
  readonly reason: LossReason;
  /** Readings lost; 0 where nobody knows how many. */
  readonly count: number;
  /** Milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** Which proofs were dropped: none of them will ever come. Absent where readings alone were lost, or nobody knows. */
  readonly proofs?: ProofRange;
}

const BY_NUMBER: ReadonlyMap<number, LossReason> = new Map(
  Object.entries(LOSS_REASONS).map(([name, number]) => [number, name as LossReason]),
);

/** The reason that a loss record's number names; undefined for a number that this version does not know. */
export function lossReasonByNumber(number: number): LossReason | undefined {
  return BY_NUMBER.get(number);
}
