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
 * - `recovering`: the token was lost; the next signature opens it again, at most once in 30 s.
 * - `pin-latched`: the token refused the PIN; it is not tried again before a restart.
 * - `wedged`: a call has not returned in time; until it does, every signature is refused.
 * - `closed`: given up by its owner.
 */
export type SignerState = 'ready' | 'recovering' | 'pin-latched' | 'wedged' | 'closed';

/** A key that signs proofs, named by a URI (RFC 7512 pkcs11:, or file: for development). */
export interface Signer extends DigestSigner {
  readonly custody: KeyCustody;
  readonly state: SignerState;
  /** Ends the session with the token. Waits for a signature that is under way, but not for ever. */
  close(): Promise<void>;
}
