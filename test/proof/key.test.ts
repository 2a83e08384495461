import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../daemon/proof/hex.ts';
import {
  decodePublicKey,
  encodePublicKey,
  kidFromText,
  kidToText,
  ProofError,
  publicKeyFromJson,
  publicKeyFromPoint,
  publicKeyToJson,
  thumbprint,
} from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

describe('a key id', () => {
  it('is the COSE Key Thumbprint of RFC 9679, section 6', () => {
    const point = hex(
      [
        '04',
        '65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d',
        '1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c',
      ].join(''),
    );
    const kid = thumbprint(publicKeyFromPoint('ES256', point));
    expect(toHex(kid)).toBe('496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec');
  });

  it('is 43 characters of base64url, and no other text is taken for it', () => {
    const kid = thumbprint(testSigner('ES256K', 3).publicKey);
    const text = kidToText(kid);
    expect(text).toBe(Buffer.from(kid).toString('base64url'));
    expect(kidFromText(text)).toEqual(kid);
    const lastDigit = text.at(-1) === 'B' ? 'C' : 'B';
    for (const other of [
      '',
      `${text}=`,
      text.slice(1),
      `${text}A`,
      `${text.slice(0, 42)}${lastDigit}`,
      `+${text.slice(1)}`,
    ]) {
      expect(kidFromText(other), other).toBeUndefined();
    }
  });
});

describe.each([
  ['ES256K', 'secp256k1'],
  ['ES256', 'P-256'],
] as const)('a public key of %s', (algorithm, namedCurve) => {
  const key = testSigner(algorithm, 4).publicKey;

  it('is the same after CBOR and after JSON', () => {
    expect(decodePublicKey(encodePublicKey(key))).toEqual(key);
    expect(publicKeyFromJson(JSON.parse(JSON.stringify(publicKeyToJson(key))))).toEqual(key);
  });

  it('is read from a JWK that node:crypto exports', () => {
    const jwk = generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
    expect(publicKeyToJson(publicKeyFromJson(jwk))).toMatchObject({
      kty: 'EC',
      crv: namedCurve,
      alg: algorithm,
      x: jwk.x,
      y: jwk.y,
    });
  });

  it.each([
    ['another curve', { crv: 'P-384' }],
    ['another algorithm', { alg: 'ES384' }],
    ['another key id', { kid: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['another type', { kty: 'OKP' }],
    ['a short coordinate', { x: 'AAAA' }],
    ['no coordinate', { y: undefined }],
    ['the private key', { d: 'AAAA' }],
  ])('is refused as a JWK with %s', (_, part) => {
    expect(() => publicKeyFromJson({ ...publicKeyToJson(key), ...part })).toThrow(ProofError);
  });

  it('is refused as a point of another form', () => {
    const point = new Uint8Array(65).fill(4);
    expect(() => publicKeyFromPoint(algorithm, point.subarray(1))).toThrow(ProofError);
    expect(() => publicKeyFromPoint(algorithm, point.fill(2))).toThrow(ProofError);
  });
});
