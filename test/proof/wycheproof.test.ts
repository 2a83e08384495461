import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkEcdsa } from '../../daemon/proof/cose.ts';
import { fromHex } from '../../daemon/proof/hex.ts';
import { type Algorithm, ProofError, publicKeyFromPoint } from '../../daemon/proof/index.ts';

const FOLDER = `${process.env['FIELDSEAL_CORPORA'] ?? '../shared/corpora'}/wycheproof`;

interface Vectors {
  numberOfTests: number;
  testGroups: {
    publicKey: { uncompressed: string };
    tests: { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' }[];
  }[];
}

const HALF = {
  ES256K: 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n,
  ES256: 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n,
};

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

/**
 * Strict DER (X.690, clauses 8.3 and 10.1): SEQUENCE of two positive INTEGERs without needless bytes, of 32 bytes at
 * most.
 */
function p1363FromDer(der: Uint8Array): Uint8Array | undefined {
  if (der.length < 8 || der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 0x81) return undefined;
  const signature = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const content = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || content.length !== length || (content[0] ?? 0) >= 0x80) return undefined;
    if (length > 1 && content[0] === 0 && (content[1] ?? 0) < 0x80) return undefined;
    const bare = content[0] === 0 ? content.subarray(1) : content;
    if (bare.length > 32) return undefined;
    signature.set(bare, end - bare.length);
    at += 2 + length;
  }
  return at === der.length ? signature : undefined;
}

const isLow = (algorithm: Algorithm, signature: Uint8Array): boolean =>
  BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`) <= HALF[algorithm];

const accepts = (check: () => void): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return false;
  }
};

describe.each([
  ['ES256K', 'ecdsa_secp256k1_sha256', p1363FromDer],
  ['ES256K', 'ecdsa_secp256k1_sha256_p1363', (raw: Uint8Array) => raw],
  ['ES256', 'ecdsa_secp256r1_sha256', p1363FromDer],
  ['ES256', 'ecdsa_secp256r1_sha256_p1363', (raw: Uint8Array) => raw],
] as const)('the signature check of %s', (algorithm, file, unwrap) => {
  const path = `${FOLDER}/${file}.json`;
  const absent = existsSync(path) ? '' : ' (skipped: the corpora are not here)';

  it.skipIf(absent !== '')(`takes exactly the valid, low-S signatures of Wycheproof's ${file}${absent}`, () => {
    const vectors: Vectors = JSON.parse(readFileSync(path, 'utf8'));
    let run = 0;
    let taken = 0;
    for (const { publicKey, tests } of vectors.testGroups) {
      const key = publicKeyFromPoint(algorithm, hex(publicKey.uncompressed));
      for (const { tcId, comment, msg, sig, result } of tests) {
        const signature = unwrap(hex(sig));
        const expected = result === 'valid' && signature?.length === 64 && isLow(algorithm, signature);
        const actual = signature !== undefined && accepts(() => checkEcdsa(key, hex(msg), signature));
        expect(actual, `${tcId}: ${comment}`).toBe(expected);
        run += 1;
        if (actual) taken += 1;
      }
    }
    expect(run).toBe(vectors.numberOfTests);
    expect(taken).toBeGreaterThan(50);
  });
});
