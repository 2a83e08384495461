import { describe, expect, it } from 'vitest';
import { anchorPath, anchorUri } from '../../daemon/config/credential.ts';

const env = { CREDENTIALS_DIRECTORY: '/run/credentials/other.service' };

describe('a path of the configuration', () => {
  it.each([
    ['password', env, '/etc/fieldseal/password'],
    ['/var/lib/password', env, '/var/lib/password'],
    ['credential:mqtt-password', env, '/run/credentials/other.service/mqtt-password'],
    ['credential:mqtt-password', {}, '/run/credentials/fieldseal.service/mqtt-password'],
    ['credential:../pin', env, '/etc/fieldseal/credential:../pin'],
  ])('%s is found', (path, environment, expected) => {
    expect(anchorPath(path, '/etc/fieldseal', environment)).toBe(expected);
  });
});

describe("a signer's URI", () => {
  it.each([
    ['file:device.key', 'file:/etc/fieldseal/device.key'],
    ['file:/device.key', 'file:/device.key'],
    [
      'pkcs11:object=k?module-name=m&pin-source=credential:pin',
      'pkcs11:object=k?module-name=m&pin-source=file:/run/credentials/other.service/pin',
    ],
    [
      'pkcs11:object=k?pin-source=credential:pin&module-name=m',
      'pkcs11:object=k?pin-source=file:/run/credentials/other.service/pin&module-name=m',
    ],
    ['pkcs11:object=k?pin-source=file:/etc/pin', 'pkcs11:object=k?pin-source=file:/etc/pin'],
  ])('%s has its place', (uri, expected) => {
    expect(anchorUri(uri, '/etc/fieldseal', env)).toBe(expected);
  });
});
