import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FieldsealError } from '../errors.ts';
import { resolveModule } from './module-path.ts';
import { encodeUriValue } from './uri.ts';

const run = promisify(execFile);

/** A SoftHSM token with nothing in it yet. */
export interface SoftHsm {
  /** A signer URI: make its key with `createKey`. */
  readonly uri: string;
  /** The module's file. */
  readonly modulePath: string;
  readonly pinFile: string;
  /** What a process must have in its environment before it opens the token. */
  readonly env: { readonly SOFTHSM2_CONF: string };
}

/**
 * Makes a SoftHSM token in a folder: its configuration, its store and a random PIN in a file of mode 0600. A token in
 * software guards nothing; it stands in for one in the demo and the tests. Throws FieldsealError MODULE_NOT_LOADED where
 * SoftHSM is not installed.
 */
export async function provisionSoftHsm(
  folder: string,
  { token = 'fieldseal', object = 'fieldseal' }: { token?: string; object?: string } = {},
): Promise<SoftHsm> {
  const modulePath = findModule();
  const tokens = join(folder, 'tokens');
  const configuration = join(folder, 'softhsm2.conf');
  const pinFile = join(folder, 'pin');
  const pin = randomBytes(12).toString('hex');
  const env = { SOFTHSM2_CONF: configuration };

  await mkdir(tokens, { recursive: true, mode: 0o700 });
  await writeFile(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  await writeFile(pinFile, `${pin}\n`, { mode: 0o600 });
  await initToken(token, pin, env);
  const uri =
    `pkcs11:token=${encodeUriValue(token)};object=${encodeUriValue(object)}` +
    `?module-path=${encodeUriPath(modulePath)}&pin-source=file:${encodeUriPath(pinFile)}`;
  return { uri, modulePath, pinFile, env };
}

async function initToken(token: string, pin: string, env: Readonly<Record<string, string>>): Promise<void> {
  const soPin = randomBytes(12).toString('hex');
  const options = ['--init-token', '--free', '--label', token, '--pin', pin, '--so-pin', soPin];
  try {
    await run('softhsm2-util', options, { env: { ...process.env, ...env } });
  } catch (cause) {
    // The error's message would repeat the command line, PINs and all.
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new FieldsealError('TOKEN_FAILED', { detail: `softhsm2-util: ${stderr || 'not found'}` });
  }
}

function findModule(): string {
  try {
    return resolveModule({ name: 'softhsm2' });
  } catch (cause) {
    throw new FieldsealError('MODULE_NOT_LOADED', { detail: 'no SoftHSM here: apt install softhsm2', cause });
  }
}

const encodeUriPath = (path: string): string => path.split('/').map(encodeUriValue).join('/');
