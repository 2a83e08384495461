import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of a SoftHSM token. SoftHSM writes token.object anew at each login and in place, so that a kill at that moment
 * leaves it empty; a token in hardware doesn't mind. What is tortured is the daemon: the token is mended before each start.
 */
export class TokenStore {
  mended = 0;
  #store;
  #copy;

  constructor(folder) {
    this.#store = join(folder, 'tokens');
    this.#copy = join(folder, 'tokens-as-made');
    cpSync(this.#store, this.#copy, { recursive: true });
  }

  mend() {
    const [token] = readdirSync(this.#copy);
    const sizeIn = (folder) => statSync(join(folder, token, 'token.object')).size;
    if (sizeIn(this.#store) >= sizeIn(this.#copy)) return;
    this.mended += 1;
    rmSync(this.#store, { recursive: true });
    cpSync(this.#copy, this.#store, { recursive: true });
  }
}
