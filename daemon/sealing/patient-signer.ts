import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { DigestSigner } from '../proof/index.ts';
import { unless } from './deadline.ts';

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** A token that may be away, refuse or hang, and what is known of that. */
export class PatientSigner {
  readonly #signer: DigestSigner;
  readonly #log: Log;
  #retryMs = RETRY_MIN_MS;
  /** Signatures that it did not give. */
  failures = 0;
  /** What it last refused with; undefined while it signs. */
  trouble: string | undefined;

  constructor(signer: DigestSigner, log: Log) {
    this.#signer = signer;
    this.#log = log;
  }

  get publicKey(): DigestSigner['publicKey'] {
    return this.#signer.publicKey;
  }

  /** How long to wait before it is asked again; longer the more often it has failed. */
  backOff(): number {
    const ms = this.#retryMs;
    this.#retryMs = Math.min(2 * ms, RETRY_MAX_MS);
    return ms;
  }

  /**
   * Undefined where the token failed in a way that an operator or time can mend, as by changing one with another key for the right
   * one, or where it is not done when it is `enough`. Anything else is a bug, and thrown.
   */
  async sign(digest: Uint8Array, enough: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      const signature = await unless(enough, this.#signer.sign(digest));
      if (signature === undefined) return undefined;
      if (this.trouble !== undefined) this.#log.info({}, 'token signs again');
      this.trouble = undefined;
      this.#retryMs = RETRY_MIN_MS;
      return signature;
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      this.failures += 1;
      const line = error.toLine();
      if (this.trouble !== line) this.#log.error(error.toFields(), 'token does not sign; readings wait');
      this.trouble = line;
      return undefined;
    }
  }
}
