import { FieldsealError } from '../errors.ts';
import type { Connection } from './transport.ts';

/** So much may wait for a device that is slow to take it: a whole configuration, many times over. */
const MAX_WAITING = 65_536;

/** Sends a decoder's bytes one after the other to whatever is open. Nobody waits for it, so failures are only counted. */
export class Outlet {
  #sent = 0;
  #failures = 0;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** Bytes that the system took. */
  get sent(): number {
    return this.#sent;
  }

  /** Writes that did not go out, or not whole. */
  get failures(): number {
    return this.#failures;
  }

  /** What is sent goes to the connection that is open now, or nowhere: another one may be another device. */
  send(connection: Connection | undefined, bytes: Uint8Array, peer?: string): void {
    if (connection === undefined || this.#waiting + bytes.length > MAX_WAITING) {
      this.#failures += 1;
      return;
    }
    this.#waiting += bytes.length;
    this.#last = this.#last.then(() => this.#write(connection, bytes, peer));
  }

  async #write(connection: Connection, bytes: Uint8Array, peer: string | undefined): Promise<void> {
    try {
      await connection.write(bytes, peer);
      this.#sent += bytes.length;
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      this.#failures += 1;
    } finally {
      this.#waiting -= bytes.length;
    }
  }
}
