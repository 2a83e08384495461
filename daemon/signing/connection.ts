import { FieldsealError } from '../errors.ts';
import type { AttributeTemplate, LibraryInfo, Pkcs11Addon, Pkcs11Handle, TokenInfo } from '../native.ts';

/** What the native calls are made on, with a time limit on each. One call at a time: the owner sees to that. */
export class TokenConnection {
  readonly #addon: Pkcs11Addon;
  readonly #handle: Pkcs11Handle;
  readonly #timeoutMs: number;
  #overdue: Promise<void> | undefined;

  /** Loads nothing yet. */
  constructor(addon: Pkcs11Addon, modulePath: string, timeoutMs: number) {
    this.#addon = addon;
    this.#handle = addon.pkcs11Open(modulePath);
    this.#timeoutMs = timeoutMs;
  }

  /** Where a call has overrun its time: settles when it comes back, if ever. */
  get overdue(): Promise<void> | undefined {
    return this.#overdue;
  }

  initialize(): Promise<LibraryInfo> {
    return this.#limit('C_Initialize', this.#addon.pkcs11Initialize(this.#handle));
  }

  tokens(): Promise<TokenInfo[]> {
    return this.#limit('C_GetSlotList', this.#addon.pkcs11Tokens(this.#handle));
  }

  openSession(slot: bigint, writable: boolean): Promise<void> {
    return this.#limit('C_OpenSession', this.#addon.pkcs11OpenSession(this.#handle, slot, writable));
  }

  login(pin: Uint8Array): Promise<void> {
    return this.#limit('C_Login', this.#addon.pkcs11Login(this.#handle, pin));
  }

  find(template: AttributeTemplate): Promise<bigint[]> {
    return this.#limit('C_FindObjects', this.#addon.pkcs11Find(this.#handle, template));
  }

  read(object: bigint, types: readonly number[]): Promise<(Uint8Array | null)[]> {
    return this.#limit('C_GetAttributeValue', this.#addon.pkcs11Read(this.#handle, object, types));
  }

  generate(publicTemplate: AttributeTemplate, privateTemplate: AttributeTemplate): Promise<void> {
    return this.#limit('C_GenerateKeyPair', this.#addon.pkcs11Generate(this.#handle, publicTemplate, privateTemplate));
  }

  sign(key: bigint, digest: Uint8Array): Promise<Uint8Array> {
    return this.#limit('C_Sign', this.#addon.pkcs11Sign(this.#handle, key, digest));
  }

  finalize(restart: boolean): Promise<void> {
    return this.#limit('C_Finalize', this.#addon.pkcs11Finalize(this.#handle, restart));
  }

  /** Ends the session, as far as the token answers, and its thread. Never throws: there is nothing left to be done. */
  async end(): Promise<void> {
    try {
      if (this.#overdue === undefined) await this.finalize(false);
    } catch {
      // A token that fails or hangs at the end has signed what it was asked to.
    }
    this.#addon.pkcs11Stop(this.#handle);
  }

  async #limit<T>(call: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const returned = (): void => {
          this.#overdue = undefined;
        };
        this.#overdue = promise.then(returned, returned);
        reject(new FieldsealError('TOKEN_TIMEOUT', { detail: `${call} has taken more than ${this.#timeoutMs} ms` }));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([promise, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}
