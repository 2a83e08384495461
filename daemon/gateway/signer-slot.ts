import { FieldsealError } from '../errors.ts';
import { kidToText, type PublicKey, thumbprint } from '../proof/index.ts';
import type { DeviceSigner, SignerState } from '../signing/index.ts';

/** The device's signer. It may be replaced while the daemon runs, but only by one with the very same key. */
export class SignerSlot implements DeviceSigner {
  readonly publicKey: PublicKey;
  #signer: DeviceSigner;

  constructor(signer: DeviceSigner) {
    this.#signer = signer;
    this.publicKey = signer.publicKey;
  }

  get state(): SignerState {
    return this.#signer.state;
  }

  get trouble(): FieldsealError | undefined {
    return this.#signer.trouble;
  }

  get holder(): string {
    return this.#signer.holder;
  }

  retry(): void {
    this.#signer.retry();
  }

  sign(digest: Uint8Array): Promise<Uint8Array> {
    return this.#signer.sign(digest);
  }

  /** Takes this one from now on. @throws FieldsealError KEY_CHANGED where it has another key: the one before stays */
  async replace(signer: DeviceSigner): Promise<void> {
    const [known, found] = [this.publicKey, signer.publicKey].map((key) => kidToText(thumbprint(key)));
    if (known !== found) {
      await signer.close();
      throw new FieldsealError('KEY_CHANGED', { detail: `${found} instead of ${known}`, place: 'signer.uri' });
    }
    const before = this.#signer;
    this.#signer = signer;
    await before.close();
  }

  close(): Promise<void> {
    return this.#signer.close();
  }
}
