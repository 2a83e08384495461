import { FieldsealError } from '../errors.ts';
import { loadNative } from '../native.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { TokenConnection } from './connection.ts';
import { explain, isLoss, isPkcs11Failure, tokenFailed } from './failure.ts';
import type { TokenKey } from './key-pair.ts';
import { LoginGuard } from './login.ts';
import { resolveModule } from './module-path.ts';
import { custodyOf, DIGEST_LENGTH, type OpenedKey, openKey, signOnce, tryKey } from './opened-key.ts';
import { withinTime } from './patience.ts';
import type { KeyCustody, Signer, SignerState } from './signer.ts';
import { encodeUriValue, type Pkcs11Uri } from './uri.ts';

const MAX_WAITING = 16;
const RECOVER_EVERY_MS = 30_000;
/** A token at its work opens in less; a gateway that knows its key reads on without one that takes longer. */
const PATIENCE_MS = 3_000;

export interface Pkcs11Options {
  readonly uri: Pkcs11Uri;
  /** Where absent, the key's own. */
  readonly algorithm?: Algorithm | undefined;
  /** Milliseconds for each call to the token. */
  readonly timeout: number;
  /** The key as it is known from before: a token that is away, or takes its time, is not waited for. */
  readonly known?: PublicKey | undefined;
  /** The least time between two recoveries. 30 s: a token that is reset more often doesn't come to its senses. */
  readonly recoverEveryMs?: number;
  readonly patienceMs?: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/**
 * A key in a PKCS#11 token, one session, one signature at a time. A token that was lost is opened again by the signature
 * that finds it so, which then succeeds as if nothing had happened, unless a recovery was tried less than 30 s ago.
 *
 * The first token that it opens is its own: no other one of the same name gets the PIN.
 */
export class Pkcs11Signer implements Signer {
  readonly publicKey: PublicKey;
  readonly #options: Pkcs11Options;
  readonly #connection: TokenConnection;
  readonly #guard: LoginGuard;
  readonly #now: () => number;
  /** Names the token by its serial number, too, once that is known. */
  #uri: Pkcs11Uri;
  #key: TokenKey | undefined;
  #custody: KeyCustody;
  #state: SignerState = 'recovering';
  #trouble: FieldsealError | undefined;
  #recovered = Number.NEGATIVE_INFINITY;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: Pkcs11Options, publicKey: PublicKey, connection: TokenConnection, guard: LoginGuard) {
    this.publicKey = publicKey;
    this.#options = options;
    this.#uri = options.uri;
    this.#connection = connection;
    this.#guard = guard;
    this.#custody = { hardware: false, holder: options.uri.shown };
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Opens the token, logs in, finds the key and has it sign once, so that a key whose public key belongs to another is found
   * now. With a key that is known, time may bring what is missing: then the signer is `recovering`, and says why. Throws
   * FieldsealError.
   */
  static async open(options: Pkcs11Options): Promise<Pkcs11Signer> {
    const { uri, timeout, known } = options;
    const connection = new TokenConnection(loadNative(), resolveModule(uri.module), timeout);
    const guard = new LoginGuard();
    const opening = openKey(connection, options, guard).then(async (opened) => {
      await tryKey(connection, opened.key);
      return opened;
    });
    try {
      if (known !== undefined) return await Pkcs11Signer.#expect(options, known, connection, guard, opening);
      const opened = await opening;
      const signer = new Pkcs11Signer(options, opened.key.publicKey, connection, guard);
      signer.#adopt(opened);
      return signer;
    } catch (error) {
      await connection.end();
      throw explain(error, uri.shown);
    }
  }

  static async #expect(
    options: Pkcs11Options,
    known: PublicKey,
    connection: TokenConnection,
    guard: LoginGuard,
    opening: Promise<OpenedKey>,
  ): Promise<Pkcs11Signer> {
    const signer = new Pkcs11Signer(options, known, connection, guard);
    signer.#recovered = signer.#now();
    const opened = opening.then(
      (found) => signer.#adopt(found),
      (error: unknown) => {
        throw signer.#met(error);
      },
    );
    signer.#last = opened.catch(() => undefined);
    try {
      await withinTime(opened, options.patienceMs ?? PATIENCE_MS);
    } catch (error) {
      if (!(error instanceof FieldsealError && error.isTemporary)) throw error;
    }
    return signer;
  }

  get state(): SignerState {
    return this.#state;
  }

  get trouble(): FieldsealError | undefined {
    return this.#trouble;
  }

  /** Before a token was opened, nobody is said to hold the key but whom the URI names. */
  get custody(): KeyCustody {
    return this.#custody;
  }

  get holder(): string {
    return this.#custody.holder;
  }

  /** Throws FieldsealError TOKEN_FAILED, TOKEN_TIMEOUT, TOKEN_BUSY, PIN_WRONG, KEY_CHANGED and others of the token's. */
  async sign(digest: Uint8Array): Promise<Uint8Array> {
    if (digest.length !== DIGEST_LENGTH) throw new RangeError(`a digest of ${digest.length} bytes, not 32`);
    if (this.#waiting >= MAX_WAITING) {
      throw new FieldsealError('TOKEN_BUSY', { detail: `${this.#uri.shown}: ${this.#waiting} wait` });
    }
    this.#waiting++;
    const turn = this.#last.then(() => this.#sign(digest));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }

  retry(): void {
    this.#guard.release();
    this.#recovered = Number.NEGATIVE_INFINITY;
    if (this.#state === 'pin-latched') this.#state = 'recovering';
  }

  /** Signatures that still wait are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(async () => {
      this.#state = 'closed';
      await this.#connection.end();
    });
    return this.#closing;
  }

  async #sign(digest: Uint8Array): Promise<Uint8Array> {
    if (this.#closing !== undefined) throw tokenFailed(this.#uri.shown, 'it was closed');
    if (this.#guard.latched !== undefined) throw this.#guard.latched;
    if (this.#state === 'wedged') {
      throw new FieldsealError('TOKEN_TIMEOUT', { detail: `${this.#uri.shown}: an earlier call has not returned` });
    }
    try {
      const signature = await this.#signOrRecover(digest);
      this.#trouble = undefined;
      return signature;
    } catch (error) {
      throw this.#met(error);
    }
  }

  async #signOrRecover(digest: Uint8Array): Promise<Uint8Array> {
    if (this.#state === 'recovering' || this.#key === undefined) {
      return await signOnce(this.#connection, await this.#recover(), digest);
    }
    try {
      return await signOnce(this.#connection, this.#key, digest);
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#state = 'recovering';
      return await signOnce(this.#connection, await this.#recover(error), digest);
    }
  }

  /** Finalize, initialise, log in, find the same key. Throws where it is too early, with the loss as the reason. */
  async #recover(loss?: unknown): Promise<TokenKey> {
    const wait = this.#recovered + (this.#options.recoverEveryMs ?? RECOVER_EVERY_MS) - this.#now();
    if (wait > 0)
      throw loss ?? this.#trouble ?? tokenFailed(this.#uri.shown, 'it was lost, and is opened again in a while');
    this.#recovered = this.#now();
    try {
      await this.#connection.finalize(true);
    } catch (error) {
      // What is lost often can't be finalized either; whether it can be opened again is what counts.
      if (!isPkcs11Failure(error)) throw error;
    }
    const opened = await openKey(this.#connection, { uri: this.#uri, known: this.publicKey }, this.#guard);
    this.#adopt(opened);
    return opened.key;
  }

  #adopt(opened: OpenedKey): void {
    this.#uri = ofSerial(this.#uri, opened.token.serial);
    this.#key = opened.key;
    this.#custody = custodyOf(opened);
    this.#state = 'ready';
    this.#trouble = undefined;
  }

  /** Sets the state that a failure leads to; returns what the caller is told. */
  #met(error: unknown): unknown {
    const { overdue } = this.#connection;
    if (this.#guard.latched !== undefined) this.#state = 'pin-latched';
    else if (overdue !== undefined) {
      this.#state = 'wedged';
      // A token that comes back late is opened anew: who knows what it has forgotten.
      void overdue.then(() => {
        if (this.#state === 'wedged') this.#state = 'recovering';
      });
    } else if (isLoss(error)) this.#state = 'recovering';
    const why = explain(error, this.#uri.shown);
    if (why instanceof FieldsealError) this.#trouble = why;
    return why;
  }
}

/** The same token alone; some have no serial number. */
function ofSerial(uri: Pkcs11Uri, serial: string): Pkcs11Uri {
  if (serial === '' || uri.token.serial !== undefined) return uri;
  return { ...uri, token: { ...uri.token, serial }, shown: `${uri.shown};serial=${encodeUriValue(serial)}` };
}
