/** COSE algorithms of device and verifier keys: ES256K (secp256k1, RFC 8812) and ES256 (P-256, RFC 9053). */
export type Algorithm = 'ES256K' | 'ES256';

/** An ECDSA public key: the two 32-byte coordinates of a point on the algorithm's curve. */
export interface PublicKey {
  readonly algorithm: Algorithm;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** Whatever signs: a token, a software key. */
export interface DigestSigner {
  readonly publicKey: PublicKey;
  /** Signs a 32-byte digest: 64 bytes r||s with low S. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}
