import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';
import { writeDurably } from '../files.ts';
import type { Log } from '../log.ts';
import {
  kidToText,
  ProofError,
  type PublicKey,
  publicKeyFromJson,
  publicKeyToJson,
  thumbprint,
} from '../proof/index.ts';

/** Written by the outbox: the id of the device that the folder belongs to. */
const IDENTITY_FILE = 'identity';
const KEY_FILE = 'public-key.json';

/**
 * The public key of the device that an outbox folder belongs to, so that the device can begin to read before its token is there.
 * It need not be trusted: the identity is its hash. Undefined where the device was never seen, or the file is damaged.
 */
export async function readKnownKey(directory: string): Promise<PublicKey | undefined> {
  const [identity, text] = await Promise.all([IDENTITY_FILE, KEY_FILE].map((name) => readOr(join(directory, name))));
  if (identity === undefined || text === undefined) return undefined;
  try {
    const key = publicKeyFromJson(JSON.parse(text));
    return kidToText(thumbprint(key)) === identity.trim() ? key : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ProofError) return undefined;
    throw error;
  }
}

/** Keeps the key beside the identity. On a disk that takes nothing the next start needs the token; so be it. */
export async function rememberKey(directory: string, key: PublicKey, log: Log): Promise<void> {
  const known = await readKnownKey(directory);
  if (known !== undefined && Buffer.compare(thumbprint(known), thumbprint(key)) === 0) return;
  try {
    await writeDurably(join(directory, KEY_FILE), `${JSON.stringify(publicKeyToJson(key))}\n`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    log.warn({ error: reasonOf(error) }, 'the public key is not kept: the next start needs the token');
  }
}

async function readOr(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'errno' in error;
