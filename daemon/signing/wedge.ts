import { pause } from '../abort.ts';
import { FieldsealError } from '../errors.ts';
import type { DeviceSigner } from './signer.ts';

const LOOKS = 20;

/**
 * Watches for a token that hangs: no call into its library is safe while an earlier one has not returned, so that only a new
 * process can reach it. Resolves to TOKEN_TIMEOUT where one has hung for `ms`, else to undefined at the signal.
 */
export async function watchForWedge(
  signer: Pick<DeviceSigner, 'state' | 'holder'>,
  ms: number,
  signal: AbortSignal,
): Promise<FieldsealError | undefined> {
  let looks = 0;
  while (!signal.aborted) {
    looks = signer.state === 'wedged' ? looks + 1 : 0;
    if (looks > LOOKS) {
      const detail = `${signer.holder}: a call has hung for ${Math.round(ms / 1_000)} s; only a new process can reach the token`;
      return new FieldsealError('TOKEN_TIMEOUT', { detail });
    }
    await pause(ms / LOOKS, signal);
  }
  return undefined;
}
