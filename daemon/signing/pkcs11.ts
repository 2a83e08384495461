import { randomBytes } from 'node:crypto';
import { FieldsealError } from '../errors.ts';
import { loadNative, type TokenInfo } from '../native.ts';
import { kidToText, thumbprint } from '../proof/key.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { TokenConnection } from './connection.ts';
import { verifyDigest } from './ecdsa.ts';
import { explain, isPkcs11Failure } from './failure.ts';
import { findKey, generateKey, type TokenKey } from './key-pair.ts';
import { LoginGuard } from './login.ts';
import { toLowS } from './low-s.ts';
import { resolveModule } from './module-path.ts';
import type { KeyCustody, Signer, SignerState } from './signer.ts';
import { openToken } from './token.ts';
import type { Pkcs11Uri } from './uri.ts';

const MAX_WAITING = 16;
const RECOVER_EVERY_MS = 30_000;
const DIGEST_LENGTH = 32;
const SIGNATURE_LENGTH = 64;

export interface Pkcs11Options {
  readonly uri: Pkcs11Uri;
  /** Where absent, the key's own. */
  readonly algorithm?: Algorithm;
  /** Milliseconds for each call to the token. */
  readonly timeout: number;
  /** The least time between two recoveries. 30 s: a token that is reset more often doesn't come to its senses. */
  readonly recoverEveryMs?: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** A signature that the key's public key doesn't verify: the token, or the way to it, corrupts. */
class UnsoundSignature extends Error {}

/**
 * A key in a PKCS#11 token, one session, one signature at a time. A token that was lost is opened again by the signature
 * that finds it so, which then succeeds as if nothing had happened, unless a recovery was tried less than 30 s ago.
 */
export class Pkcs11Signer implements Signer {
  readonly publicKey: PublicKey;
  readonly custody: KeyCustody;
  readonly #uri: Pkcs11Uri;
  readonly #connection: TokenConnection;
  readonly #guard: LoginGuard;
  readonly #recoverEveryMs: number;
  readonly #now: () => number;
  #key: TokenKey;
  #state: SignerState = 'ready';
  #recovered = Number.NEGATIVE_INFINITY;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: Pkcs11Options, connection: TokenConnection, guard: LoginGuard, opened: OpenedKey) {
    this.publicKey = opened.key.publicKey;
    this.custody = custodyOf(opened);
    this.#uri = options.uri;
    this.#connection = connection;
    this.#guard = guard;
    this.#recoverEveryMs = options.recoverEveryMs ?? RECOVER_EVERY_MS;
    this.#now = options.now ?? (() => performance.now());
    this.#key = opened.key;
  }

  /**
   * Opens the token, logs in, finds the key and has it sign once, so that a key whose public key belongs to another is found
   * now. Throws FieldsealError.
   */
  static open(options: Pkcs11Options): Promise<Pkcs11Signer> {
    return connect(options, async (connection, guard) => {
      const opened = await openKey(connection, options, guard, { writable: false });
      return new Pkcs11Signer(options, connection, guard, opened);
    });
  }

  get state(): SignerState {
    return this.#state;
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

  /** Signatures that still wait are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(async () => {
      this.#state = 'closed';
      await this.#connection.end();
    });
    return this.#closing;
  }

  async #sign(digest: Uint8Array): Promise<Uint8Array> {
    if (this.#closing !== undefined) throw this.#failed('it was closed');
    if (this.#guard.latched !== undefined) throw this.#guard.latched;
    if (this.#state === 'wedged') {
      throw new FieldsealError('TOKEN_TIMEOUT', { detail: `${this.#uri.shown}: an earlier call has not returned` });
    }
    try {
      if (this.#state === 'recovering') await this.#recover();
      else {
        try {
          return await signOnce(this.#connection, this.#key, digest);
        } catch (error) {
          if (!isLoss(error)) throw error;
          this.#state = 'recovering';
          await this.#recover(error);
        }
      }
      return await signOnce(this.#connection, this.#key, digest);
    } catch (error) {
      throw this.#met(error);
    }
  }

  /** Finalize, initialise, log in, find the same key. Throws where it is too early, with the loss as the reason. */
  async #recover(loss?: unknown): Promise<void> {
    const wait = this.#recovered + this.#recoverEveryMs - this.#now();
    if (wait > 0)
      throw loss ?? this.#failed(`it was lost; it is opened again in ${Math.ceil(wait / 1000)} s at the earliest`);
    this.#recovered = this.#now();
    try {
      await this.#connection.finalize(true);
    } catch (error) {
      // What is lost often can't be finalized either; whether it can be opened again is what counts.
      if (!isPkcs11Failure(error)) throw error;
    }
    await openToken(this.#connection, this.#uri, this.#guard, { writable: false });
    const key = await findKey(this.#connection, this.#uri);
    const [known, found] = [kidOf(this.publicKey), kidOf(key.publicKey)];
    if (known !== found) throw new FieldsealError('KEY_CHANGED', { detail: `${found} instead of ${known}` });
    this.#key = key;
    this.#state = 'ready';
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
    return told(error, this.#uri);
  }

  #failed(why: string): FieldsealError {
    return new FieldsealError('TOKEN_FAILED', { detail: `${this.#uri.shown}: ${why}` });
  }
}

/** Makes a key in a token and has it sign once. Throws FieldsealError KEY_EXISTS and whatever opening a token throws. */
export function createTokenKey(options: Pkcs11Options & { readonly algorithm: Algorithm }): Promise<PublicKey> {
  return connect(options, async (connection, guard) => {
    await openToken(connection, options.uri, guard, { writable: true });
    await generateKey(connection, options.uri, options.algorithm, new Uint8Array(randomBytes(8)));
    const key = await findKey(connection, options.uri, options.algorithm);
    await signOnce(connection, key, new Uint8Array(randomBytes(DIGEST_LENGTH)));
    await connection.end();
    return key.publicKey;
  });
}

/** Connects to the module and uses it; ends the connection where that fails, and explains why. */
async function connect<T>(
  { uri, timeout }: Pkcs11Options,
  use: (connection: TokenConnection, guard: LoginGuard) => Promise<T>,
): Promise<T> {
  const connection = new TokenConnection(loadNative(), resolveModule(uri.module), timeout);
  try {
    return await use(connection, new LoginGuard());
  } catch (error) {
    await connection.end();
    throw told(error, uri);
  }
}

interface OpenedKey {
  readonly token: TokenInfo;
  readonly key: TokenKey;
}

async function openKey(
  connection: TokenConnection,
  { uri, algorithm }: Pkcs11Options,
  guard: LoginGuard,
  { writable }: { writable: boolean },
): Promise<OpenedKey> {
  const token = await openToken(connection, uri, guard, { writable });
  const key = await findKey(connection, uri, algorithm);
  await signOnce(connection, key, new Uint8Array(randomBytes(DIGEST_LENGTH)));
  return { token, key };
}

async function signOnce(connection: TokenConnection, key: TokenKey, digest: Uint8Array): Promise<Uint8Array> {
  const raw = await connection.sign(key.handle, digest);
  if (raw.length !== SIGNATURE_LENGTH) throw new UnsoundSignature(`a signature of ${raw.length} bytes, not 64`);
  const signature = toLowS(key.publicKey.algorithm, raw);
  if (!verifyDigest(key.publicKey, digest, signature)) {
    throw new UnsoundSignature('its signature does not verify with its public key');
  }
  return signature;
}

const isLoss = (error: unknown): boolean =>
  error instanceof UnsoundSignature || (isPkcs11Failure(error) && error.retryable);

function told(error: unknown, uri: Pkcs11Uri): unknown {
  if (!(error instanceof UnsoundSignature)) return explain(error, uri.shown);
  return new FieldsealError('TOKEN_FAILED', { detail: `${uri.shown}: ${error.message}`, cause: error });
}

const kidOf = (key: PublicKey): string => kidToText(thumbprint(key));

/** CK_SLOT_INFO, flags: the slot is a hardware slot, as opposed to software (PKCS#11 v2.40, section 3.2). */
const CKF_HW_SLOT = 0x4;

function custodyOf({ token, key }: OpenedKey): KeyCustody {
  const holder = `${token.manufacturer} ${token.model} "${token.label}", serial ${token.serial}`.replaceAll(/ +/g, ' ');
  return key.madeHere
    ? { hardware: (token.slotFlags & CKF_HW_SLOT) !== 0, holder }
    : { hardware: false, holder: `${holder}; key brought in from outside` };
}
