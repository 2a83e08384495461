import { readFile } from 'node:fs/promises';
import { FieldsealError } from './errors.ts';
import { ProofError, type PublicKey, publicKeyFromJson } from './proof/index.ts';

const PLACE = 'verifier.publicKeyFile';

/**
 * Reads the verifier's pinned public key, a JSON Web Key.
 *
 * @throws FieldsealError FILE_NOT_READABLE or RECEIPT_KEY_INVALID
 */
export async function readVerifierKey(file: string): Promise<PublicKey> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FieldsealError('FILE_NOT_READABLE', { detail, place: PLACE, cause });
  }
  try {
    return publicKeyFromJson(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof ProofError || cause instanceof SyntaxError)) throw cause;
    throw new FieldsealError('RECEIPT_KEY_INVALID', { detail: cause.message, place: `${PLACE} ${file}`, cause });
  }
}
