import { readFile } from 'node:fs/promises';
import { FieldsealError, reasonOf } from './errors.ts';
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
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: `${PLACE} ${file}`, cause });
  }
  try {
    return publicKeyFromJson(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof ProofError || cause instanceof SyntaxError)) throw cause;
    const detail = cause instanceof ProofError ? cause.detail : 'it is not JSON';
    throw new FieldsealError('RECEIPT_KEY_INVALID', { detail, place: `${PLACE} ${file}`, cause });
  }
}
