import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileTokenTool } from './compile-token.ts';
import { createSoftToken, type SoftToken } from './soft-token.ts';

/** A SoftHSM token behind a PKCS#11 module that breaks on demand (test/native/faulty-pkcs11/faulty.c). */
export interface FaultyToken {
  /** The token as it is. */
  readonly sound: SoftToken;
  /** The same key through the faulty module. */
  readonly uri: string;
  readonly modulePath: string;
  readonly env: Readonly<Record<string, string>>;
  /** Sets the rules from the next call on; none makes the module behave. */
  control(...rules: readonly string[]): void;
  /** The slots that sessions were opened on, in order. */
  sessions(): string[];
  /** How often a function was called. */
  calls(name: string): number;
  remove(): Promise<void>;
}

export async function createFaultyToken(): Promise<FaultyToken> {
  const sound = await createSoftToken();
  const { folder } = sound;
  const modulePath = join(folder, 'faulty.so');
  const env = { ...sound.env, FAULTY_MODULE: sound.modulePath, FAULTY_FOLDER: folder };
  compileTokenTool('native/faulty-pkcs11/faulty.c', modulePath, 'library');
  Object.assign(process.env, env);
  const log = () => readFileSync(join(folder, 'calls'), 'utf8').split('\n');
  return {
    sound,
    modulePath,
    env,
    uri: sound.uri.replace(/module-path=[^&]*/, `module-path=${modulePath}`),
    control(...rules) {
      // Renamed into place: the module must not read half a file.
      writeFileSync(join(folder, 'control.new'), rules.map((rule) => `${rule}\n`).join(''));
      renameSync(join(folder, 'control.new'), join(folder, 'control'));
    },
    calls(name) {
      return log().filter((call) => call === name).length;
    },
    sessions: () => log().flatMap((call) => /^slot (\d+)$/.exec(call)?.[1] ?? []),
    remove: () => sound.remove(),
  };
}
