import { FieldsealError } from '../../errors.ts';
import { kidToText, thumbprint } from '../../proof/index.ts';
import { readVerifierKey } from '../../verifier-key.ts';
import { type Finding, failOf, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** The pinned key of the verifier. */
export async function checkVerifierKey({ config }: Patient): Promise<Finding[]> {
  try {
    const key = await readVerifierKey(config.verifier.publicKeyFile);
    return [ok('verifier', `its pinned key is ${kidToText(thumbprint(key))} (${key.algorithm})`)];
  } catch (error) {
    if (error instanceof FieldsealError) return [failOf('verifier', error)];
    throw error;
  }
}
