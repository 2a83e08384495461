import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provisionSoftHsm, type SoftHsm } from '../../daemon/signing/softhsm.ts';

/** A SoftHSM token in a temporary folder, without a key. */
export interface SoftToken extends SoftHsm {
  readonly folder: string;
  /** The URI of another key in the same token. */
  keyUri(object: string): string;
  remove(): Promise<void>;
}

/** Makes a token and points this process's SoftHSM at it. One at a time in a process, as the environment is one. */
export async function createSoftToken(): Promise<SoftToken> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-softhsm-'));
  const made = await provisionSoftHsm(folder);
  process.env['SOFTHSM2_CONF'] = made.env.SOFTHSM2_CONF;
  return {
    ...made,
    folder,
    keyUri: (object) => made.uri.replace(/object=[^?]*/, `object=${object}`),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
