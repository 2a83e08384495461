import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FieldsealError } from './errors.ts';

/** A PKCS#11 failure as the addon reports it: a plain Error with these properties. */
export interface Pkcs11Failure extends Error {
  /** The return value's name, e.g. CKR_PIN_INCORRECT; or a name of the addon's own: MODULE_NOT_LOADED, QUEUE_FULL, NO_THREAD, CLOSED. */
  readonly ckr: string;
  /** The PKCS#11 function that returned it, e.g. C_Login. */
  readonly function: string;
  /** Whether the same call may succeed after the session is opened again. */
  readonly retryable: boolean;
}

/** An attribute's value: a number where PKCS#11 has a CK_ULONG, a boolean where it has a CK_BBOOL, else its bytes. */
export type AttributeValue = number | boolean | Uint8Array;

/** Attribute types (CKA_...) with their values; at most 16, of at most 512 bytes. */
export type AttributeTemplate = readonly (readonly [type: number, value: AttributeValue])[];

/** A session with a PKCS#11 module, and the thread that it runs on. Opaque; collected like any value. */
export interface Pkcs11Handle {
  readonly pkcs11Handle: never;
}

/** C_GetInfo: the library. */
export interface LibraryInfo {
  readonly manufacturer: string;
  readonly description: string;
  /** "major.minor" */
  readonly version: string;
}

/** C_GetSlotInfo and C_GetTokenInfo: a token and the slot that it is in. */
export interface TokenInfo {
  readonly slot: bigint;
  readonly slotDescription: string;
  /** CKF_... of the slot. */
  readonly slotFlags: number;
  readonly slotManufacturer: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** CKF_... of the token. */
  readonly flags: number;
}

/**
 * PKCS#11 (v2.40), one call after the other on the handle's own thread. Each promise rejects with a `Pkcs11Failure`. None
 * keeps the process alive and none is ever taken back: who waits sets a timer. 32 calls wait at most.
 */
export interface Pkcs11Addon {
  /** Names a module by its path. Loads nothing yet. */
  pkcs11Open(modulePath: string): Pkcs11Handle;
  /** Loads the module and initialises it, both once a process. */
  pkcs11Initialize(handle: Pkcs11Handle): Promise<LibraryInfo>;
  /** The tokens that are present; at most 64. */
  pkcs11Tokens(handle: Pkcs11Handle): Promise<TokenInfo[]>;
  pkcs11OpenSession(handle: Pkcs11Handle, slot: bigint, writable: boolean): Promise<void>;
  /** C_Login as the user. The PIN's copy is wiped after the call. */
  pkcs11Login(handle: Pkcs11Handle, pin: Uint8Array): Promise<void>;
  /** Handles of the objects that have all these attributes; at most 16. */
  pkcs11Find(handle: Pkcs11Handle, template: AttributeTemplate): Promise<bigint[]>;
  /** The attributes' bytes in the order asked for; null where the token has or shows none. */
  pkcs11Read(handle: Pkcs11Handle, object: bigint, types: readonly number[]): Promise<(Uint8Array | null)[]>;
  /** C_GenerateKeyPair with CKM_EC_KEY_PAIR_GEN. */
  pkcs11Generate(
    handle: Pkcs11Handle,
    publicTemplate: AttributeTemplate,
    privateTemplate: AttributeTemplate,
  ): Promise<void>;
  /** C_Sign with CKM_ECDSA: r||s as the token gives it. */
  pkcs11Sign(handle: Pkcs11Handle, key: bigint, digest: Uint8Array): Promise<Uint8Array>;
  /**
   * Closes the session. The module's last user finalizes it; with `restart` the first does, and the process's other
   * sessions on it fail from then on with CKR_CRYPTOKI_NOT_INITIALIZED.
   */
  pkcs11Finalize(handle: Pkcs11Handle, restart: boolean): Promise<void>;
  /** Takes no more calls, and ends the thread after those that wait. */
  pkcs11Stop(handle: Pkcs11Handle): void;
}

/** What the C addon exports. It validates nothing beyond memory safety: its callers in TypeScript do. */
export interface NativeAddon extends Pkcs11Addon {
  /** Sends one sd_notify(3) datagram, e.g. "READY=1"; false where NOTIFY_SOCKET is not set. */
  sdNotify(state: string): boolean;
  /**
   * Lets go of the resident pages of code and constants that stand unchanged in files: how many bytes. Those that are needed
   * come back by themselves.
   */
  dropCleanPages(): number;
  /** Gives heap that is free back to the kernel (malloc_trim(3)). */
  trimHeap(): void;
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
