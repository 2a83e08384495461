import { type Loss, type Proof, ProofError, parseProof } from '../proof/index.ts';
import { headOf, hex, type OutboxEntry } from './entry.ts';

/** What goes when a proof goes. */
interface Gone {
  /** Its readings; undefined where it has none. Count 0 where the proof can't be read. */
  readonly readings: Omit<Loss, 'reason'> | undefined;
  /** The losses that it declares. */
  readonly declared: readonly Loss[];
}

/** What is lost with a stored proof, as far as its bytes still tell. */
export function lossesOfProof(entry: OutboxEntry, bytes: Uint8Array | undefined): Gone {
  const payload = bytes === undefined ? undefined : parsed(entry, bytes)?.payload;
  if (payload === undefined) return { readings: { count: 0, from: entry.written, to: entry.written }, declared: [] };
  const { size, first, last, losses } = payload;
  const readings = { count: size, from: Math.min(first, last), to: Math.max(first, last) };
  return { readings: size === 0 ? undefined : readings, declared: losses };
}

/**
 * What is to be declared when a proof goes: its readings, and again what it declared itself. Of one that the verifier will never
 * see, its place in the chain as well, so that nobody waits for it.
 */
export function declarationOf(
  entry: OutboxEntry,
  bytes: Uint8Array | undefined,
  reason: 'outbox-quota' | 'outbox-corrupt' | 'rejected',
): readonly Loss[] {
  const { readings, declared } = lossesOfProof(entry, bytes);
  if (reason === 'rejected') return readings === undefined ? declared : [{ reason, ...readings }, ...declared];
  const { epoch, seq } = headOf(entry);
  const span = readings ?? { count: 0, from: entry.written, to: entry.written };
  return [{ reason, ...span, proofs: { epoch, first: seq, last: seq } }, ...declared];
}

function parsed(entry: OutboxEntry, bytes: Uint8Array): Proof | undefined {
  try {
    const proof = parseProof(bytes);
    return hex(proof.digest) === entry.digest ? proof : undefined;
  } catch (error) {
    if (error instanceof ProofError) return undefined;
    throw error;
  }
}
