import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveModule } from '../../daemon/signing/module-path.ts';
import { compileTokenTool } from './compile-token.ts';

const run = promisify(execFile);
const PIN = '271828';

/** A TPM 2.0 in software with a token on it, without a key. P-256 only: TPMs have no secp256k1. */
export interface TpmToken {
  readonly folder: string;
  /** A signer URI: make its key with `createKey(uri, 'ES256')`. */
  readonly uri: string;
  readonly modulePath: string;
  /** What a process must have in its environment before it opens the token. */
  readonly env: Readonly<
    Record<'TPM2_PKCS11_STORE' | 'TPM2_PKCS11_TCTI' | 'TPM2_PKCS11_LOG_LEVEL' | 'TSS2_LOG', string>
  >;
  /** A power cut and what comes after: the TPM starts anew, without the sessions that a killed process left in it. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the TPM and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Starts swtpm on a socket of its own, initialises a tpm2-pkcs11 token on it and points this process at both. One at a time in
 * a process, as the environment is one. (tpm2_ptool is no help here: without a resource manager it fills the TPM's memory.)
 */
export async function createTpmToken(): Promise<TpmToken> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-tpm-'));
  const socket = join(folder, 'tpm');
  const env = {
    TPM2_PKCS11_STORE: join(folder, 'store'),
    TPM2_PKCS11_TCTI: `swtpm:path=${socket}`,
    TPM2_PKCS11_LOG_LEVEL: '0',
    TSS2_LOG: 'all+NONE',
  };
  await mkdir(env.TPM2_PKCS11_STORE);
  await writeFile(join(folder, 'pin'), `${PIN}\n`, { mode: 0o600 });
  let tpm = await startTpm(folder, socket);

  const modulePath = resolveModule({ name: 'tpm2_pkcs11' });
  const tool = join(folder, 'init-token');
  compileTokenTool('support/init-token.c', tool, 'program');
  await run(tool, [modulePath, 'fieldseal', PIN, '314159'], { env: { ...process.env, ...env } });
  Object.assign(process.env, env);
  const stop = async (): Promise<void> => {
    await endTpm(tpm);
    for (const left of [socket, `${socket}.ctrl`]) await rm(left, { force: true });
  };
  const start = async (): Promise<void> => {
    tpm = await startTpm(folder, socket);
  };
  return {
    folder,
    modulePath,
    env,
    uri: `pkcs11:token=fieldseal;object=device?module-path=${modulePath}&pin-source=file:${folder}/pin`,
    restart: async () => {
      await stop();
      await start();
    },
    ...{ stop, start },
    remove: async () => {
      await endTpm(tpm);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function endTpm(tpm: ChildProcess): Promise<void> {
  if (tpm.exitCode !== null || tpm.signalCode !== null) return;
  const exited = once(tpm, 'exit');
  tpm.kill();
  await exited;
}

async function startTpm(folder: string, socket: string): Promise<ChildProcess> {
  const state = join(folder, 'state');
  await mkdir(state, { recursive: true });
  const watcher = watch(folder);
  const changes = on(watcher, 'change');
  const tpm = spawn(
    'swtpm',
    [
      'socket',
      '--tpm2',
      ...['--tpmstate', `dir=${state}`],
      ...['--server', `type=unixio,path=${socket}`],
      ...['--ctrl', `type=unixio,path=${socket}.ctrl`],
      ...['--flags', 'not-need-init,startup-clear'],
    ],
    // It tells of each client that comes and goes.
    { stdio: 'ignore' },
  );
  const failed = once(tpm, 'exit').then(() => {
    throw new Error('swtpm ended');
  });
  failed.catch(() => undefined);
  await Promise.race([failed, bothAppear(changes, socket)]);
  watcher.close();
  return tpm;
}

async function bothAppear(changes: AsyncIterable<unknown>, socket: string): Promise<void> {
  const there = (): boolean => existsSync(socket) && existsSync(`${socket}.ctrl`);
  if (there()) return;
  for await (const _ of changes) if (there()) return;
}
