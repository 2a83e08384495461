import { describe, expect, it } from 'vitest';
import { decodeCbor, encodeCbor } from '../../daemon/proof/cbor.ts';
import type { CborValue } from '../../daemon/proof/cbor-value.ts';
import { checkEcdsa, checkSign1, openSign1 } from '../../daemon/proof/cose.ts';
import { fromHex, toHex } from '../../daemon/proof/hex.ts';
import { PROOF_TYPE, ProofError, parseProof, thumbprint } from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';
import { fixes, seal } from './samples.ts';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const utf8 = new TextEncoder();
const EMPTY = new Uint8Array(0);

describe('the signature over a Sig_structure', () => {
  it('is the one of RFC 9052, appendix C.2.1', () => {
    const key = {
      algorithm: 'ES256',
      x: hex('bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff'),
      y: hex('20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e'),
    } as const;
    const structure = encodeCbor(['Signature1', hex('a10126'), EMPTY, utf8.encode('This is the content.')]);
    const signature = hex(
      [
        '8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e',
        '2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36',
      ].join(''),
    );
    checkEcdsa(key, structure, signature);
    expect(() => checkEcdsa(key, structure.subarray(1), signature)).toThrow(ProofError);
  });
});

const signer = testSigner('ES256', 0xa1);
const kid = thumbprint(signer.publicKey);

type Parts = { header?: [number, CborValue][]; unprotected?: CborValue; payload?: CborValue; signature?: CborValue };

const GOOD: [number, CborValue][] = [
  [1, -7],
  [3, PROOF_TYPE],
  [4, kid],
];

/** A COSE_Sign1, right but for the parts given. */
function cose({
  header = GOOD,
  unprotected = new Map(),
  payload = EMPTY,
  signature = new Uint8Array(64),
}: Parts): Uint8Array {
  return Uint8Array.of(0xd2, ...encodeCbor([encodeCbor(new Map(header)), unprotected, payload, signature]));
}

const but = (key: number, value: CborValue): [number, CborValue][] =>
  GOOD.map((entry) => (entry[0] === key ? [key, value] : entry));

describe('a COSE_Sign1', () => {
  it('of ES256 is opened under its own number and under that of ESP256 (RFC 9864)', () => {
    for (const number of [-7, -9]) {
      expect(openSign1(cose({ header: but(1, number) }), PROOF_TYPE)).toMatchObject({ algorithm: 'ES256', kid });
    }
    expect(openSign1(cose({ header: but(1, -47) }), PROOF_TYPE)).toMatchObject({ algorithm: 'ES256K' });
  });

  it.each<[string, string, Uint8Array]>([
    ['no tag', 'parse', cose({}).subarray(1)],
    ['another tag', 'parse', Uint8Array.of(0xd1, ...cose({}).subarray(1))],
    ['an unprotected header', 'parse', cose({ unprotected: new Map([[4, kid]]) })],
    ['an unprotected header of another type', 'parse', cose({ unprotected: 0 })],
    ['a signature of 63 bytes', 'parse', cose({ signature: new Uint8Array(63) })],
    ['a signature that is a text', 'parse', cose({ signature: 'r and s' })],
    ['a payload that is a map', 'parse', cose({ payload: new Map() })],
    ['another content type', 'parse', cose({ header: but(3, 'application/cbor') })],
    ['another algorithm', 'algorithm', cose({ header: but(1, -35) })],
    ['no algorithm', 'parse', cose({ header: GOOD.slice(1) })],
    ['a header more', 'parse', cose({ header: [...GOOD, [2, 0]] })],
    ['a key id of 31 bytes', 'parse', cose({ header: but(4, kid.subarray(1)) })],
    ['five parts', 'parse', Uint8Array.of(0xd2, ...encodeCbor([EMPTY, new Map(), EMPTY, EMPTY, EMPTY]))],
  ])('with %s is refused: %s', (_, reason, bytes) => {
    expect(() => openSign1(bytes, PROOF_TYPE)).toThrowError(expect.objectContaining({ reason }));
  });

  it('whose header names another algorithm than the key has is refused', async () => {
    const { message } = await seal(signer, { readings: fixes(1) });
    const { sign1 } = parseProof(message);
    checkSign1(sign1, signer.publicKey);
    const key = { ...signer.publicKey, algorithm: 'ES256K' } as const;
    expect(() => checkSign1(sign1, key)).toThrowError(expect.objectContaining({ reason: 'algorithm' }));
  });

  it('begins a message that any COSE tool can read', async () => {
    const { message } = await seal(signer, { readings: fixes(1) });
    const { cose: bytes, kid: id } = parseProof(message);
    expect(toHex(bytes.subarray(0, 3))).toBe('d28458');
    const parts = decodeCbor(bytes.subarray(1));
    expect(Array.isArray(parts) ? decodeCbor(parts[0]) : undefined).toEqual(new Map<number, CborValue>(but(4, id)));
  });
});
