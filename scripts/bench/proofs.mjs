import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draftProof } from '../../dist/proof/index.js';
import { createKey, openSigner } from '../../dist/signing/index.js';
import { createDecoder } from './decoders.mjs';
import { simulated } from './streams.mjs';

/** Gives `use` a software signer, whose file is gone afterwards. */
export async function withSigner(algorithm, use) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-bench-'));
  try {
    const uri = `file:${join(folder, 'key.json')}`;
    await createKey(uri, algorithm);
    const signer = await openSigner({ uri, algorithm, timeout: 10_000 });
    return await use(signer);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The fixes of a moving u-blox receiver as the daemon reads them: `t` follows the fix by the line's delay and jitter. */
export function movingFixes(rateHz, durationMs) {
  const decoder = createDecoder('gnss', { referenceTime: Date.UTC(2026, 5) });
  const stream = simulated('ublox', rateHz, durationMs + 1_000);
  const observations = [...decoder.push(stream, 0), ...decoder.end(0)].filter(({ kind }) => kind === 'gnss.fix');
  const wanted = observations.slice(0, Math.floor((durationMs * rateHz) / 1_000));
  return wanted.map((fix, i) => ({ ...fix, source: 'gnss', t: fix.fields.time + 60 + ((i * 7_919) % 11) }));
}

const SOURCES = [{ source: 'gnss', profile: 'gnss/ublox-neo-m9n', profileDigest: new Uint8Array(32).fill(3) }];

/** Seals readings into a chain of proofs, one for each list. */
export async function sealAll(signer, batches) {
  const messages = [];
  let previous = { epoch: new Uint8Array(16).fill(1) };
  for (const readings of batches) {
    const draft = draftProof({
      publicKey: signer.publicKey,
      previous,
      readings,
      sources: SOURCES,
      clock: { source: 'ntp', uncertaintyMs: 3, bootId: new Uint8Array(16).fill(4), sinceBootMs: 123_456_789 },
      losses: [],
      nonce: new Uint8Array(16).fill(2),
      software: { name: 'fieldseal', version: '0.1.0' },
      now: Date.UTC(2026, 5),
    });
    messages.push(draft.finish(await signer.sign(draft.digest)));
    previous = draft.head;
  }
  return messages;
}
