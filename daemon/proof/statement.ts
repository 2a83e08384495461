import { decodeCbor } from './cbor.ts';
import { openSign1, type Sign1 } from './cose.ts';
import { MAX_STATEMENT } from './limits.ts';
import { Members } from './members.ts';
import { ProofError } from './reasons.ts';

/**
 * Opens a receipt, challenge or enrolment record: one COSE_Sign1 and nothing after it, its payload a map of version 1.
 */
export function openStatement(
  bytes: Uint8Array,
  contentType: string,
  what: string,
): { sign1: Sign1; members: Members } {
  if (bytes.length > MAX_STATEMENT) throw new ProofError('size', `${what} is longer than ${MAX_STATEMENT} bytes`);
  const sign1 = openSign1(new Uint8Array(bytes), contentType);
  const members = new Members(decodeCbor(sign1.payload), what);
  const version = members.int(1);
  if (version !== 1) throw new ProofError('version', `${what} is of version ${version}, not 1`);
  return { sign1, members };
}
