import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { FieldsealError } from '../errors.ts';
import type { TokenInfo } from '../native.ts';
import type { TokenConnection } from './connection.ts';
import { isPkcs11Failure } from './failure.ts';
import { readPin } from './pin.ts';
import type { Pkcs11Uri } from './uri.ts';

/** Token flags (PKCS#11 base specification, section 3.2, table 6). */
const CKF_LOGIN_REQUIRED = 0x4;
const CKF_USER_PIN_FINAL_TRY = 0x2_0000;
const CKF_USER_PIN_LOCKED = 0x4_0000;

/** C_Login in a row without an answer to whether the PIN was right; one below the three that lock a TPM. */
const MAX_UNANSWERED = 2;

/**
 * Spends no more of a token's PIN tries than it must: after a refusal no PIN is sent before `release`, and that one never again;
 * one that went unanswered (the token broke, or hung) is sent once more.
 */
export class LoginGuard {
  readonly #secret = randomBytes(32);
  #unanswered = 0;
  #latched: FieldsealError | undefined;
  /** Of the PIN that was refused: what it was, is not kept. */
  #refused: Uint8Array | undefined;

  /** Why no PIN is sent any more. */
  get latched(): FieldsealError | undefined {
    return this.#latched;
  }

  /** Somebody may have corrected the PIN: the next login reads it anew. */
  release(): void {
    this.#latched = undefined;
    this.#unanswered = 0;
  }

  async login(connection: TokenConnection, uri: Pkcs11Uri, token: TokenInfo): Promise<void> {
    if (this.#latched !== undefined) throw this.#latched;
    if ((token.flags & CKF_LOGIN_REQUIRED) === 0) return;
    if ((token.flags & CKF_USER_PIN_LOCKED) !== 0) throw this.#latch('PIN_LOCKED', `${uri.shown} is locked`);
    if ((token.flags & CKF_USER_PIN_FINAL_TRY) !== 0) throw this.#latch('PIN_LOCKED', `${uri.shown} has one try left`);
    if (this.#unanswered >= MAX_UNANSWERED) throw this.#latch('PIN_WRONG', `${uri.shown} did not answer to it`);

    const pin = await readPin(uri);
    const print = createHmac('sha256', this.#secret).update(pin).digest();
    if (this.#refused !== undefined && timingSafeEqual(print, this.#refused)) {
      pin.fill(0);
      throw this.#latch('PIN_WRONG', `${uri.shown} has refused it before, and it was not sent again`);
    }
    this.#unanswered++;
    try {
      await connection.login(pin);
      this.#unanswered = 0;
    } catch (error) {
      if (!isPkcs11Failure(error)) throw error;
      // Logins are the process's, not the session's (base specification, section 5.6): another session has done it.
      if (error.ckr === 'CKR_USER_ALREADY_LOGGED_IN') this.#unanswered = 0;
      else if (error.ckr === 'CKR_PIN_LOCKED') throw this.#latch('PIN_LOCKED', `${uri.shown}: ${error.ckr}`);
      else if (/^CKR_(USER_)?PIN_/.test(error.ckr)) {
        // Expired, or not set as yet: the very same may be right one day.
        if (error.ckr === 'CKR_PIN_INCORRECT') this.#refused = print;
        throw this.#latch('PIN_WRONG', `${uri.shown}: ${error.ckr}`);
      } else throw error;
    } finally {
      pin.fill(0);
    }
  }

  #latch(code: 'PIN_WRONG' | 'PIN_LOCKED', detail: string): FieldsealError {
    this.#latched = new FieldsealError(code, { detail });
    return this.#latched;
  }
}
