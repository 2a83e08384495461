import { join, resolve } from 'node:path';

/** Where systemd keeps the credentials of the service; whoever looks from outside, as root, finds them there while it runs. */
const OF_THE_SERVICE = '/run/credentials/fieldseal.service';

/**
 * A path of the configuration: `credential:NAME` is a file that systemd hands to the service (LoadCredential=, systemd.exec(5));
 * anything else starts at the configuration's own folder.
 */
export function anchorPath(
  path: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = /^credential:([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(path)?.[1];
  return name === undefined ? resolve(folder, path) : credentialPath(name, env);
}

/** A signer's URI: a `file:` key of a relative path starts at that folder too, and a PIN may be a credential. */
export function anchorUri(
  uri: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const path = /^file:(?!\/)(.+)$/.exec(uri)?.[1];
  if (path !== undefined) return `file:${resolve(folder, path)}`;
  return uri.replace(
    /([?&]pin-source=)credential:([A-Za-z0-9_][A-Za-z0-9_.-]*)(?=&|$)/,
    (_, before: string, name: string) => `${before}file:${credentialPath(name, env)}`,
  );
}

const credentialPath = (name: string, env: Readonly<Record<string, string | undefined>>): string =>
  join(env['CREDENTIALS_DIRECTORY'] ?? OF_THE_SERVICE, name);
