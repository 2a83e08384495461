import type { DigestSigner } from '../proof/signature.ts';

/** Where the private key lives. */
export interface KeyCustody {
  /** True where the key was made in, and cannot leave, a hardware or emulated token. */
  readonly hardware: boolean;
  /** Who holds it, for people: token manufacturer, model and label, or the file. */
  readonly holder: string;
}

/** A key that signs proofs, named by a URI (RFC 7512 pkcs11:, or file: for development). */
export interface Signer extends DigestSigner {
  readonly custody: KeyCustody;
  /** Ends the session with the token. Waits for a signature that is under way, but not for ever. */
  close(): Promise<void>;
}
