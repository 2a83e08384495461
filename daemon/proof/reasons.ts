/**
 * Why a proof, or a statement about one, is refused or flagged: stable names for people and programs, stable numbers
 * for receipts. Entries are added, never changed or reused.
 */
export const REASONS = {
  /** Longer than MAX_MESSAGE, or nested too deep, or more readings than MAX_READINGS. */
  size: 1,
  /** Not the structure that the format lays down. */
  parse: 2,
  /** The right structure in an encoding that is not the deterministic one. */
  canonical: 3,
  /** The key id is nobody's, or not the given key's. */
  'unknown-device': 4,
  'device-suspended': 5,
  /** The message names another algorithm than its key has. */
  algorithm: 6,
  /** The signature's S is above half the group order. */
  'high-s': 7,
  signature: 8,
  /** Came on another device's topic. */
  topic: 9,
  duplicate: 10,
  /** Proofs before this one are missing. */
  gap: 11,
  /** Two different proofs at one place of the chain. */
  equivocation: 12,
  /** A new epoch began. */
  restart: 13,
  'nonce-unknown': 14,
  'nonce-stale': 15,
  'time-future': 16,
  'time-old': 17,
  'time-order': 18,
  /** The readings block cannot be unpacked. */
  block: 19,
  /** The readings are not the ones that were signed. */
  root: 20,
  /** A reading of a kind or field that the table does not have, or outside its bounds. */
  range: 21,
  /** A version of the format that this program does not know. */
  version: 22,
  /** The proof does not name the one before it: seq follows, prev differs. */
  chain: 23,
  /** The readings' values contradict physics or one another. */
  implausible: 24,
  /** No challenge nonce where the verifier expects one. */
  'nonce-missing': 25,
  /** A profile that the device was not admitted with. */
  profile: 26,
} as const satisfies Readonly<Record<string, number>>;

export type Reason = keyof typeof REASONS;

const BY_NUMBER: ReadonlyMap<number, Reason> = new Map(
  Object.entries(REASONS).map(([name, number]) => [number, name as Reason]),
);

/** The reason that a receipt's number names; undefined for a number that this version does not know. */
export function reasonByNumber(number: number): Reason | undefined {
  return BY_NUMBER.get(number);
}

/** Something that came from outside is not a good proof, receipt, challenge, enrolment record or key. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly reason: Reason;
  readonly detail: string;

  constructor(reason: Reason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
