import { access } from 'node:fs/promises';
import type { DaemonConfig } from '../config/index.ts';

/** Where systemd keeps what it hands to the service, while that runs. */
const HANDED = '/run/credentials/fieldseal.service/';
/** Where the package's unit has systemd take it from. */
const STORE = '/etc/credstore/fieldseal.';

/** Whether systemd hands the file to the daemon, whoever it belongs to. */
export const isCredential = (path: string): boolean => path.startsWith(HANDED) || path.startsWith(STORE);

/** The configuration with secrets from the credential store where the service, which is to get them from there, does not run. */
export async function withStoredCredentials(config: DaemonConfig): Promise<DaemonConfig> {
  const { signer, mqtt } = config;
  const { passwordFile, tls } = mqtt;
  const files = await Promise.all([passwordFile, tls.ca, tls.cert, tls.key].map(fromStore));
  const [password, ca, cert, key] = files;
  const [, path] = /[?&]pin-source=file:([^&]*)/.exec(signer.uri) ?? [];
  const pin = await fromStore(path);
  const uri = path === undefined || pin === undefined ? signer.uri : signer.uri.replace(path, pin);
  return {
    ...config,
    signer: { ...signer, uri },
    mqtt: { ...mqtt, passwordFile: password, tls: { ...tls, ca, cert, key } },
  };
}

async function fromStore(path: string | undefined): Promise<string | undefined> {
  if (path === undefined || !path.startsWith(HANDED) || (await exists(path))) return path;
  const stored = `${STORE}${path.slice(HANDED.length)}`;
  return (await exists(stored)) ? stored : path;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
