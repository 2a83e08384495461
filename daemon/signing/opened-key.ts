import { randomBytes } from 'node:crypto';
import { FieldsealError } from '../errors.ts';
import type { TokenInfo } from '../native.ts';
import { kidToText, thumbprint } from '../proof/key.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import type { TokenConnection } from './connection.ts';
import { verifyDigest } from './ecdsa.ts';
import { UnsoundSignature } from './failure.ts';
import { findKey, type TokenKey } from './key-pair.ts';
import type { LoginGuard } from './login.ts';
import { toLowS } from './low-s.ts';
import type { KeyCustody } from './signer.ts';
import { openToken } from './token.ts';
import type { Pkcs11Uri } from './uri.ts';

export const DIGEST_LENGTH = 32;
const SIGNATURE_LENGTH = 64;

/** CK_SLOT_INFO, flags: the slot is a hardware slot, as opposed to software (PKCS#11 v2.40, section 3.2). */
const CKF_HW_SLOT = 0x4;

export interface KeyWanted {
  readonly uri: Pkcs11Uri;
  readonly algorithm?: Algorithm | undefined;
  /** No other key will do. */
  readonly known?: PublicKey | undefined;
}

/** A key on a session that is logged in, and the token that it lies in. */
export interface OpenedKey {
  readonly token: TokenInfo;
  readonly key: TokenKey;
}

/**
 * Opens the token, logs in and finds the key; nothing is signed. Throws FieldsealError, KEY_CHANGED where another key is known,
 * or Pkcs11Failure.
 */
export async function openKey(
  connection: TokenConnection,
  { uri, algorithm, known }: KeyWanted,
  guard: LoginGuard,
): Promise<OpenedKey> {
  const token = await openToken(connection, uri, guard, { writable: false });
  const key = await findKey(connection, uri, algorithm);
  if (known !== undefined && kidOf(known) !== kidOf(key.publicKey)) {
    throw new FieldsealError('KEY_CHANGED', { detail: `${kidOf(key.publicKey)} instead of ${kidOf(known)}` });
  }
  return { token, key };
}

/** Has a key sign once, so that one whose public key belongs to another is found now. Throws as `signOnce`. */
export async function tryKey(connection: TokenConnection, key: TokenKey): Promise<void> {
  await signOnce(connection, key, new Uint8Array(randomBytes(DIGEST_LENGTH)));
}

/** Signs a 32-byte digest: 64 bytes r||s, low S, which verify. Throws FieldsealError, Pkcs11Failure or UnsoundSignature. */
export async function signOnce(connection: TokenConnection, key: TokenKey, digest: Uint8Array): Promise<Uint8Array> {
  const raw = await connection.sign(key.handle, digest);
  if (raw.length !== SIGNATURE_LENGTH) throw new UnsoundSignature(`a signature of ${raw.length} bytes, not 64`);
  const signature = toLowS(key.publicKey.algorithm, raw);
  if (!(await verifyDigest(key.publicKey, digest, signature))) {
    throw new UnsoundSignature('its signature does not verify with its public key');
  }
  return signature;
}

export function custodyOf({ token, key }: OpenedKey): KeyCustody {
  const holder = `${token.manufacturer} ${token.model} "${token.label}", serial ${token.serial}`.replaceAll(/ +/g, ' ');
  return key.madeHere
    ? { hardware: (token.slotFlags & CKF_HW_SLOT) !== 0, holder }
    : { hardware: false, holder: `${holder}; key brought in from outside` };
}

const kidOf = (key: PublicKey): string => kidToText(thumbprint(key));
