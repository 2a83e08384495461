import { type ErrorCode, FieldsealError } from '../errors.ts';
import type { Pkcs11Failure } from '../native.ts';

/** A signature that the key's public key doesn't verify: the token, or the way to it, corrupts. */
export class UnsoundSignature extends Error {}

export function isPkcs11Failure(error: unknown): error is Pkcs11Failure {
  return error instanceof Error && 'ckr' in error && 'retryable' in error;
}

/** Whether the token is lost, and may be found again by opening it anew. */
export const isLoss = (error: unknown): boolean =>
  error instanceof UnsoundSignature || (isPkcs11Failure(error) && error.retryable);

const CODES: Readonly<Record<string, ErrorCode>> = {
  MODULE_NOT_LOADED: 'MODULE_NOT_LOADED',
  QUEUE_FULL: 'TOKEN_BUSY',
  CKR_TOKEN_NOT_PRESENT: 'TOKEN_NOT_FOUND',
  CKR_SLOT_ID_INVALID: 'TOKEN_NOT_FOUND',
  CKR_CURVE_NOT_SUPPORTED: 'KEY_UNSUITABLE',
  CKR_DOMAIN_PARAMS_INVALID: 'KEY_UNSUITABLE',
};

/** A token's failure as an operator reads it; whatever else passes through. `of` names the key or token. */
export function explain(error: unknown, of: string): unknown {
  if (error instanceof UnsoundSignature) return tokenFailed(of, error.message, error);
  if (!isPkcs11Failure(error)) return error;
  return new FieldsealError(CODES[error.ckr] ?? 'TOKEN_FAILED', { detail: `${of}: ${error.message}`, cause: error });
}

export const tokenFailed = (of: string, why: string, cause?: unknown): FieldsealError =>
  new FieldsealError('TOKEN_FAILED', { detail: `${of}: ${why}`, cause });
