import { Sealer } from '../../dist/sealing/index.js';
import { round } from './measure.mjs';
import { movingFixes, withSigner } from './proofs.mjs';

const TOKEN_MS = 200;
const DURATION_MS = 10_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** Readings sealed a second while each signature takes 200 ms: readings come as fast as the sealer takes them. */
export async function benchSeal() {
  const fixes = movingFixes(10, 60_000);
  return withSigner('ES256K', async (signer) => {
    const slow = {
      publicKey: signer.publicKey,
      async sign(digest) {
        const [signature] = await Promise.all([
          signer.sign(digest),
          new Promise((resolve) => setTimeout(resolve, TOKEN_MS)),
        ]);
        return signature;
      },
    };
    let head = { epoch: new Uint8Array(16) };
    const sealer = new Sealer(
      { maxAge: 60_000, maxReadings: 5_000, maxBytes: 96_000 },
      {
        signer: slow,
        chain: () => head,
        store: async (proof) => {
          head = proof.head;
          return 'stored';
        },
        losses: () => [],
        noteLoss: async () => {},
        sources: [{ source: 'gnss', profile: 'gnss/ublox-neo-m9n', profileDigest: new Uint8Array(32) }],
        clock: {
          now: Date.now,
          monotonicNow: () => performance.now(),
          state: () => ({ source: 'ntp', uncertaintyMs: 1, bootId: new Uint8Array(16), sinceBootMs: 1 }),
        },
        software: { name: 'fieldseal', version: '0.1.0' },
        log: SILENT,
      },
    );
    const stop = new AbortController();
    const running = sealer.run(stop.signal);
    const began = performance.now();
    for (let i = 0; performance.now() - began < DURATION_MS; ) {
      // Never more than the next few batches wait, as if the readings came from a port.
      while (sealer.stats.waiting < 5_000) sealer.add(fixes[i++ % fixes.length]);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { readings, proofs } = sealer.stats;
    const elapsed = (performance.now() - began) / 1_000;
    stop.abort();
    await running;
    return {
      tokenMs: TOKEN_MS,
      readingsPerSecond: round(readings / elapsed),
      proofsPerSecond: round(proofs / elapsed),
    };
  });
}
