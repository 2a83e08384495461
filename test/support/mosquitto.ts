import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Certificates } from './certificates.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';

export interface MosquittoOptions {
  /** Only these may connect; without them, anyone. */
  readonly users?: Readonly<Record<string, string>>;
  /** mosquitto's access list: lines such as `user alice` and `topic readwrite a/#`. */
  readonly acl?: string;
  /** A TLS listener that asks for a client certificate of the same authority. */
  readonly tls?: Certificates;
  /** More lines for mosquitto.conf. */
  readonly config?: readonly string[];
}

/** A mosquitto of our own on a free loopback port; it can be killed and started again on the same port and data. */
export class Mosquitto {
  readonly port: number;
  readonly folder: string;
  readonly #tls: boolean;
  #child: ChildProcess | undefined;

  constructor(port: number, folder: string, tls: boolean) {
    this.port = port;
    this.folder = folder;
    this.#tls = tls;
  }

  static async start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'fieldseal-mosquitto-'));
    const broker = new Mosquitto(await freePort(), folder, options.tls !== undefined);
    await writeFile(join(folder, 'mosquitto.conf'), await configuration(broker, options));
    await broker.start();
    return broker;
  }

  get url(): string {
    return `${this.#tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) and resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(MOSQUITTO, ['-c', join(this.folder, 'mosquitto.conf'), '-v'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr! });
    await new Promise<void>((resolve, reject) => {
      const heard: string[] = [];
      lines.on('line', (line) => {
        if (heard.length < 20) heard.push(line);
        if (/mosquitto version \S+ running/.test(line)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`mosquitto exited with ${code}: ${heard.join('; ')}`)));
    });
  }

  /** Ends it in good order: it writes down what it holds. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Holds it still, so that it neither answers nor closes. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

async function configuration(broker: Mosquitto, options: MosquittoOptions): Promise<string> {
  const at = (name: string) => join(broker.folder, name);
  const lines = [`listener ${broker.port} 127.0.0.1`, 'persistence true', `persistence_location ${broker.folder}/`];
  // Started as root it would drop to a user that can't reach the folder.
  if (process.getuid?.() === 0) lines.push('user root');
  if (options.tls !== undefined) {
    const { ca, server } = options.tls;
    lines.push(`cafile ${ca}`, `certfile ${server.cert}`, `keyfile ${server.key}`, 'require_certificate true');
  }
  if (options.users === undefined) {
    lines.push('allow_anonymous true');
  } else {
    await writeFile(at('users'), '', { mode: 0o600 });
    for (const [user, password] of Object.entries(options.users)) {
      execFileSync('mosquitto_passwd', ['-b', at('users'), user, password], { stdio: 'ignore' });
    }
    lines.push('allow_anonymous false', `password_file ${at('users')}`);
  }
  if (options.acl !== undefined) {
    await writeFile(at('acl'), options.acl, { mode: 0o600 });
    lines.push(`acl_file ${at('acl')}`);
  }
  return [...lines, ...(options.config ?? [])].join('\n');
}

/** A loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  return address.port;
}
