import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Paths of PEM files: an authority, a server certificate for 127.0.0.1 and `broker.test`, and a client certificate. */
export interface Certificates {
  readonly ca: string;
  readonly server: KeyPair;
  readonly client: KeyPair;
  remove(): void;
}

/** Makes a small authority with openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'fieldseal-certificates-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(`${name}.key`));

  newKey('ca');
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    at('ca.key'),
    '-subj',
    '/CN=Test authority',
    '-days',
    '2',
    '-out',
    at('ca.pem'),
  );
  const issue = (name: string, extensions: string): KeyPair => {
    newKey(name);
    writeFileSync(at(`${name}.ext`), extensions);
    openssl('req', '-new', '-key', at(`${name}.key`), '-subj', `/CN=${name}`, '-out', at(`${name}.csr`));
    openssl(
      ...['x509', '-req', '-in', at(`${name}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'],
      ...['-days', '2', '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`)],
    );
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  return {
    ca: at('ca.pem'),
    server: issue('server', 'subjectAltName=IP:127.0.0.1,DNS:broker.test\nextendedKeyUsage=serverAuth'),
    client: issue('client', 'extendedKeyUsage=clientAuth'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
