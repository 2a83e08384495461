import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FieldsealError } from './errors.ts';

/** A PKCS#11 failure as the addon reports it: a plain Error with these properties. */
export interface Pkcs11Failure extends Error {
  /** The return value's name, e.g. CKR_PIN_INCORRECT; or a name of the addon's own: MODULE_NOT_LOADED, TIMEOUT, QUEUE_FULL, CLOSED. */
  readonly ckr: string;
  /** The PKCS#11 function that returned it, e.g. C_Login. */
  readonly function: string;
  /** Whether the same call may succeed after the session is opened again. */
  readonly retryable: boolean;
}

/** What the C addon exports. It validates nothing beyond memory safety: its callers in TypeScript do. */
export interface NativeAddon {
  /** Sends one sd_notify(3) datagram, e.g. "READY=1"; false where NOTIFY_SOCKET is not set. */
  sdNotify(state: string): boolean;
  /** Opens a pseudo-terminal in raw mode: the master's file descriptor and the slave's path. */
  openpty(): { master: number; path: string };
}

/** Loads the addon: a prebuilt binary where there is one, else what `npm install` built. */
export function loadNative(): NativeAddon {
  const require = createRequire(import.meta.url);
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    return require('node-gyp-build')(root) as NativeAddon;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FieldsealError('NATIVE_ADDON_MISSING', { detail, cause });
  }
}
