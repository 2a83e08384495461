import { randomBytes } from 'node:crypto';
import { loadNative } from '../native.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { TokenConnection } from './connection.ts';
import { explain } from './failure.ts';
import { findKey, generateKey } from './key-pair.ts';
import { LoginGuard } from './login.ts';
import { resolveModule } from './module-path.ts';
import { tryKey } from './opened-key.ts';
import { openToken } from './token.ts';
import type { Pkcs11Uri } from './uri.ts';

export interface NewTokenKey {
  readonly uri: Pkcs11Uri;
  readonly algorithm: Algorithm;
  /** Milliseconds for each call to the token. */
  readonly timeout: number;
}

/** Makes a key in a token and has it sign once. Throws FieldsealError KEY_EXISTS and whatever opening a token throws. */
export async function createTokenKey({ uri, algorithm, timeout }: NewTokenKey): Promise<PublicKey> {
  const connection = new TokenConnection(loadNative(), resolveModule(uri.module), timeout);
  try {
    await openToken(connection, uri, new LoginGuard(), { writable: true });
    await generateKey(connection, uri, algorithm, new Uint8Array(randomBytes(8)));
    const key = await findKey(connection, uri, algorithm);
    await tryKey(connection, key);
    return key.publicKey;
  } catch (error) {
    throw explain(error, uri.shown);
  } finally {
    await connection.end();
  }
}
