import { describe, expect, it } from 'vitest';
import { algorithmOf, ecParams, pointOf } from '../../daemon/signing/curve.ts';
import { moduleFolders, resolveModule } from '../../daemon/signing/module-path.ts';

const POINT = Uint8Array.of(4, ...new Uint8Array(64).fill(7));

describe('CKA_EC_POINT', () => {
  it.each([
    ['a DER OCTET STRING around the point', Uint8Array.of(0x04, 65, ...POINT)],
    ['the bare point', POINT],
  ])('is read from %s', (_what, attribute) => {
    expect(pointOf(attribute)).toEqual(POINT);
  });

  // A bare point whose x begins with 0x41 looks like the head of an OCTET STRING.
  it('is read from a bare point that begins like a DER head', () => {
    const bare = Uint8Array.of(4, 65, ...new Uint8Array(63).fill(7));
    expect(pointOf(bare)).toEqual(bare);
  });

  it.each([
    ['compressed', Uint8Array.of(0x04, 33, 2, ...new Uint8Array(32))],
    ['P-384', Uint8Array.of(0x04, 97, 4, ...new Uint8Array(96))],
    ['cut', Uint8Array.of(0x04, 65, ...POINT.subarray(0, 60))],
    ['trailed by a byte', Uint8Array.of(0x04, 65, ...POINT, 0)],
    ['empty', new Uint8Array()],
  ])('is refused when %s', (_what, attribute) => {
    expect(pointOf(attribute)).toBeUndefined();
  });
});

describe('CKA_EC_PARAMS', () => {
  it.each(['ES256K', 'ES256'] as const)('names the curve of %s', (algorithm) => {
    expect(algorithmOf(ecParams(algorithm))).toBe(algorithm);
  });

  it('of another curve are refused', () => {
    expect(algorithmOf(Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22))).toBeUndefined();
  });
});

describe('a module', () => {
  it('is searched by name in the folders of the distribution', () => {
    expect(resolveModule({ name: 'softhsm2' })).toMatch(/\/libsofthsm2\.so$/);
    expect(moduleFolders('arm64')).toContain('/usr/lib/aarch64-linux-gnu/pkcs11');
  });

  it.each([{ name: 'no-such-module' }, { path: '/nonexistent/module.so' }])(
    'that is not there is named: %j',
    (module) => {
      expect(() => resolveModule(module)).toThrow(expect.objectContaining({ code: 'MODULE_NOT_LOADED' }));
    },
  );
});
