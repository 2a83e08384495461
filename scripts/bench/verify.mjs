import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { verifyProof } from '../../dist/proof/index.js';
import { median, round, seconds } from './measure.mjs';
import { movingFixes, sealAll, withSigner } from './proofs.mjs';

const SIZES = [0, 1, 10, 60, 600];
const CURVES = { ES256K: 'secp256k1', ES256: 'prime256v1' };

/** Proofs verified a second on one core, whole (structure, signature, readings, root), beside the bare signature check. */
export async function benchVerify() {
  const readings = movingFixes(10, 60_000);
  const results = {};
  for (const [algorithm, curve] of Object.entries(CURVES)) {
    results[algorithm] = { bare: await bareRate(curve), whole: {} };
    await withSigner(algorithm, async (signer) => {
      for (const size of SIZES) {
        const count = size > 100 ? 20 : 200;
        const messages = await sealAll(
          signer,
          Array.from({ length: count }, () => readings.slice(0, size)),
        );
        const time = await median(() =>
          seconds(() => {
            for (const message of messages) verifyProof(message, signer.publicKey);
          }),
        );
        const rate = round(count / time.median);
        results[algorithm].whole[size] = { proofsPerSecond: rate, shareOfBare: round(rate / results[algorithm].bare) };
      }
    });
  }
  return results;
}

async function bareRate(namedCurve) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
  const message = createHash('sha256').update('a Sig_structure is about this long').digest();
  const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const count = 1_000;
  const time = await median(() =>
    seconds(() => {
      for (let i = 0; i < count; i += 1) verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
    }),
  );
  return round(count / time.median);
}
