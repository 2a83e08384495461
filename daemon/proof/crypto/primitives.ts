import type { PublicKey } from '../signature.ts';

/** The cryptography that the proof format needs. Two implementations, chosen by the import map's `#crypto`. */
export interface Primitives {
  sha256(bytes: Uint8Array): Uint8Array;
  /** SHA-256 of `bytes`, written to `target` at `at`. May overlap: the input is read first. */
  sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void;
  /** Whether `signature` (r||s) is the key's over the SHA-256 of `message`. High S counts as good. Never throws. */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
  randomBytes(length: number): Uint8Array;
}
