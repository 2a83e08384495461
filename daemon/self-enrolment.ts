import type { DaemonConfig } from './config/index.ts';
import { type Place, signEnrolment } from './proof/index.ts';
import type { Signer } from './signing/index.ts';
import { loadSources } from './sources.ts';
import { SOFTWARE } from './version.ts';

/** What a gateway's operator says of it. */
export interface EnrolmentClaims {
  readonly owner?: string | undefined;
  readonly place?: Place | undefined;
}

/** The enrolment record of a configured gateway, signed by its own key, and the profiles that it names. */
export async function makeEnrolment(
  config: DaemonConfig,
  signer: Signer,
  { owner, place }: EnrolmentClaims,
): Promise<{ readonly record: Uint8Array; readonly profiles: readonly string[] }> {
  const { proofSources } = await loadSources(config);
  const profiles = new Map(proofSources.map(({ profile, profileDigest }) => [profile, profileDigest]));
  const record = await signEnrolment(
    {
      publicKey: signer.publicKey,
      custody: signer.custody,
      profiles: [...profiles].map(([name, digest]) => ({ name, digest })),
      ...(owner === undefined ? {} : { owner }),
      ...(place === undefined ? {} : { place }),
      created: Date.now(),
      software: SOFTWARE,
    },
    signer,
  );
  return { record, profiles: [...profiles.keys()] };
}
