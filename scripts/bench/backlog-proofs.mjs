import { draftProof } from '../../dist/proof/index.js';

export const PROFILE = { name: 'gnss/bench', digest: new Uint8Array(32).fill(7) };
const SOURCES = [{ source: 'gnss', profile: PROFILE.name, profileDigest: PROFILE.digest }];
const CLOCK = { source: 'ntp', uncertaintyMs: 10, bootId: new Uint8Array(16), sinceBootMs: 0 };
const SOFTWARE = { name: 'bench', version: '0' };

/** A proof of one fix: what is measured is the way of proofs, not the work that readings make. */
export async function seal(signer, previous, t) {
  const fields = { mode: 3, lat: 474_000_000 + (t % 10_007), lon: 85_000_000 + (t % 9_973) };
  const readings = [{ kind: 'gnss.fix', source: 'gnss', t, fields }];
  const draft = draftProof({
    ...{ publicKey: signer.publicKey, previous, readings, sources: SOURCES, clock: CLOCK, losses: [] },
    ...{ software: SOFTWARE, now: t },
  });
  return { message: draft.finish(await signer.sign(draft.digest)), head: draft.head };
}
