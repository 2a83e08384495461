import type { FieldsealError } from '../errors.ts';
import type { DigestSigner } from '../proof/signature.ts';

/** Where the private key lives. */
export interface KeyCustody {
  /** True where the key was made in, and cannot leave, a token whose module says that it is hardware. */
  readonly hardware: boolean;
  /** Who holds it, for people: token manufacturer, model and label, or the file. */
  readonly holder: string;
}

/**
 * How a key is to be reached.
 * - `ready`: signs.
 * - `recovering`: the token was lost, or has not come yet; a signature opens it again, at most once in 30 s.
 * - `pin-latched`: the token refused the PIN; it is not tried again before `retry`.
 * - `wedged`: a call has not returned in time; until it does, every signature is refused.
 * - `closed`: given up by its owner.
 */
export type SignerState = 'ready' | 'recovering' | 'pin-latched' | 'wedged' | 'closed';

/** The key of a device that is known already, in a token that may be away for now. */
export interface DeviceSigner extends DigestSigner {
  readonly state: SignerState;
  /** Why it last failed to sign; undefined since it last did. */
  readonly trouble: FieldsealError | undefined;
  /** Who holds the key, for people. */
  readonly holder: string;
  /** Somebody may have mended it: the next signature tries at once, with the PIN read anew. */
  retry(): void;
  /** Ends the session with the token. Waits for a signature that is under way, but not for ever. */
  close(): Promise<void>;
}

/** A key that signs proofs, named by a URI (RFC 7512 pkcs11:, or file: for development). */
export interface Signer extends DeviceSigner {
  readonly custody: KeyCustody;
}
