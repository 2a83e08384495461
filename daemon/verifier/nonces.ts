import { createHmac, timingSafeEqual } from 'node:crypto';

const TIME_BYTES = 6;
const NONCE_BYTES = 16;

/**
 * Challenge nonces that need no table: when it was issued (48 bits, ms, big-endian), then 80 bits of HMAC-SHA-256 over the
 * device and that time, by a secret of the ledger's own. Nobody else can make one, nor foresee the next, and a device that was
 * offline for months still has a good one.
 */
export class NonceIssuer {
  /** How long a nonce is good for, in ms. */
  readonly lifetimeMs: number;
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array, lifetimeMs: number) {
    this.#secret = secret;
    this.lifetimeMs = lifetimeMs;
  }

  /** A nonce of 16 bytes for a device, and when it expires. */
  issue(kid: Uint8Array, now: number): { nonce: Uint8Array; expiry: number } {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUIntBE(now, 0, TIME_BYTES);
    return { nonce: new Uint8Array(Buffer.concat([time, this.#seal(kid, time)])), expiry: now + this.lifetimeMs };
  }

  /** When a nonce was issued to the device, in ms; undefined where it was not. */
  issuedAt(kid: Uint8Array, nonce: Uint8Array): number | undefined {
    if (nonce.length !== NONCE_BYTES) return undefined;
    const time = Buffer.from(nonce.subarray(0, TIME_BYTES));
    if (!timingSafeEqual(this.#seal(kid, time), nonce.subarray(TIME_BYTES))) return undefined;
    return time.readUIntBE(0, TIME_BYTES);
  }

  #seal(kid: Uint8Array, time: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#secret)
      .update(kid)
      .update(time)
      .digest()
      .subarray(0, NONCE_BYTES - TIME_BYTES);
  }
}
