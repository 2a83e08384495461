import { primitives } from '#crypto';

export const SALT_BYTES = 16;
const BLOCK = 64;

/** Makes the salts of a batch: salt of leaf i = first 16 bytes of HMAC-SHA-256(secret, uint32be(i)) (RFC 2104). */
export class Salts {
  readonly #inner = new Uint8Array(BLOCK + 4).fill(0x36, 0, BLOCK);
  readonly #outer = new Uint8Array(BLOCK + 32).fill(0x5c, 0, BLOCK);
  readonly #mac = new Uint8Array(32);

  constructor(secret: Uint8Array) {
    for (let i = 0; i < secret.length; i++) {
      this.#inner[i] = 0x36 ^ (secret[i] ?? 0);
      this.#outer[i] = 0x5c ^ (secret[i] ?? 0);
    }
  }

  /** Writes the salt of leaf `index` to `target` at `at`. */
  writeTo(target: Uint8Array, at: number, index: number): void {
    this.#inner[BLOCK] = index >>> 24;
    this.#inner[BLOCK + 1] = index >>> 16;
    this.#inner[BLOCK + 2] = index >>> 8;
    this.#inner[BLOCK + 3] = index;
    primitives.sha256Into(this.#inner, this.#outer, BLOCK);
    primitives.sha256Into(this.#outer, this.#mac, 0);
    for (let i = 0; i < SALT_BYTES; i++) target[at + i] = this.#mac[i] ?? 0;
  }
}
