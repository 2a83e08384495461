import { describe, expect, it } from 'vitest';
import { encodeUriValue, parseSignerUri } from '../../daemon/signing/uri.ts';

const MODULE = 'module-path=/usr/lib/m.so';

describe('a pkcs11: URI', () => {
  it('names token, key, module and PIN', () => {
    const uri =
      'pkcs11:token=My%20token;manufacturer=Acme%2C%20Inc.;serial=0123;model=HSM;object=device;id=%01%ffab;type=private;' +
      'slot-id=18446744073709551615;slot-description=Slot;slot-manufacturer=Maker;library-manufacturer=L;' +
      'library-description=D;library-version=2.6?module-path=/usr/lib/m%20n.so&pin-source=file:/etc/fieldseal/pin';
    expect(parseSignerUri(uri)).toEqual({
      scheme: 'pkcs11',
      library: { manufacturer: 'L', description: 'D', version: '2.6' },
      slot: { id: 0xffff_ffff_ffff_ffffn, description: 'Slot', manufacturer: 'Maker' },
      token: { label: 'My token', manufacturer: 'Acme, Inc.', serial: '0123', model: 'HSM' },
      key: { label: 'device', id: Uint8Array.of(1, 255, 97, 98) },
      module: { path: '/usr/lib/m n.so' },
      pin: { file: '/etc/fieldseal/pin' },
      shown: uri.slice(0, uri.indexOf('?')),
    });
  });

  it.each([
    ['an absolute path', 'pin-source=/run/pin', { file: '/run/pin' }],
    ['file: with an empty host', 'pin-source=file:///run/pin', { file: '/run/pin' }],
    ['a value', 'pin-value=12%2034', { value: '12 34' }],
  ])('takes a PIN from %s', (_what, query, pin) => {
    expect(parseSignerUri(`pkcs11:object=k?${MODULE}&${query}`)).toMatchObject({ pin });
  });

  it('takes a module by name', () => {
    expect(parseSignerUri('pkcs11:object=k?module-name=softhsm2')).toMatchObject({ module: { name: 'softhsm2' } });
  });

  it.each([
    ['unknown attribute', 'pkcs11:object=k;x-vendor=1?module-name=m', /unknown attribute "x-vendor"/],
    ['a path attribute in the query', 'pkcs11:object=k?module-name=m&token=t', /unknown attribute "token"/],
    ['an attribute twice', 'pkcs11:object=k;object=l?module-name=m', /object is there twice/],
    ['an empty value', 'pkcs11:object=k;token=?module-name=m', /token has no value/],
    ['no equals sign', 'pkcs11:object=k;token?module-name=m', /token has no value/],
    ['a blank', 'pkcs11:object=my key?module-name=m', /object has a character/],
    ['half a percent-encoding', 'pkcs11:object=k%2?module-name=m', /object has a character/],
    ['bytes that are not UTF-8', 'pkcs11:object=%ff?module-name=m', /object is not UTF-8/],
    ['a zero byte', 'pkcs11:object=a%00b?module-name=m', /zero byte/],
    ['no key', 'pkcs11:token=t?module-name=m', /names no key/],
    ['another class of object', 'pkcs11:object=k;type=cert?module-name=m', /type is not private/],
    ['no module', 'pkcs11:object=k', /names no PKCS#11 module/],
    ['two modules', 'pkcs11:object=k?module-name=m&module-path=/m.so', /both there/],
    ['a module path that is relative', 'pkcs11:object=k?module-path=m.so', /not an absolute path/],
    ['a module name that is a path', 'pkcs11:object=k?module-name=../m', /not a plain name/],
    ['a slot that is no number', 'pkcs11:object=k;slot-id=0x1?module-name=m', /slot-id/],
    ['a PIN command', 'pkcs11:object=k?module-name=m&pin-source=|cat', /pin-source is not the absolute path/],
    ['a relative PIN file', 'pkcs11:object=k?module-name=m&pin-source=file:pin', /pin-source is not the absolute path/],
    ['another scheme', 'https://example.org/', /neither pkcs11: nor file:/],
    ['nothing', '', /neither pkcs11: nor file:/],
  ])('is refused for %s', (_what, uri, reason) => {
    expect(() => parseSignerUri(uri)).toThrow(expect.objectContaining({ code: 'SIGNER_URI_INVALID' }));
    expect(() => parseSignerUri(uri)).toThrow(reason);
  });

  it('never repeats a PIN in what it shows or refuses', () => {
    const pin = 'SECRET42';
    expect(parseSignerUri(`pkcs11:object=k?module-name=m&pin-value=${pin}`)).toMatchObject({
      shown: 'pkcs11:object=k',
    });
    for (const query of [`pin-value=${pin}&pin-source=/x`, `pin-value=${pin} x`, `pin-value=${pin}&pin-value=${pin}`]) {
      expect(() => parseSignerUri(`pkcs11:object=k?module-name=m&${query}`)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(pin) }),
      );
    }
  });

  it('reads back whatever is encoded into it', () => {
    for (const label of ['plain', "O'Brien (test)*!", 'a;b?c&d=e/f%g', 'Gerät №1', '#+,:[]@$']) {
      expect(parseSignerUri(`pkcs11:object=${encodeUriValue(label)}?module-name=m`)).toMatchObject({ key: { label } });
    }
  });
});

describe('a file: URI', () => {
  it.each([
    ['file:/etc/key.json', '/etc/key.json'],
    ['file:///etc/key.json', '/etc/key.json'],
    ['file:key.json', 'key.json'],
    ['file:/a%20b', '/a b'],
  ])('%s names %s', (uri, path) => {
    expect(parseSignerUri(uri)).toEqual({ scheme: 'file', path, shown: uri });
  });

  it.each(['file:', 'file://host/path', 'file:%ff'])('%s is refused', (uri) => {
    expect(() => parseSignerUri(uri)).toThrow(expect.objectContaining({ code: 'SIGNER_URI_INVALID' }));
  });
});
