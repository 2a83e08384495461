import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freeUdpPort } from '../support/free-port.ts';

const CHRONYD = '/usr/sbin/chronyd';

/** chronyd starts as root only; -x keeps it off the system clock. */
export const HAS_CHRONYD = existsSync(CHRONYD) && process.getuid?.() === 0;

/** A chronyd of our own on free loopback ports, which never touches the system's clock. */
export class Chronyd {
  readonly ntpPort: number;
  readonly commandPort: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(ntpPort: number, commandPort: number, folder: string, child: ChildProcess) {
    this.ntpPort = ntpPort;
    this.commandPort = commandPort;
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts it with these lines in its configuration, and resolves when its log says so. */
  static async start(lines: readonly string[], says: RegExp): Promise<Chronyd> {
    const folder = await mkdtemp(join(tmpdir(), 'fieldseal-chronyd-'));
    const [ntpPort, commandPort] = [await freeUdpPort(), await freeUdpPort()];
    const config = join(folder, 'chrony.conf');
    const own = [
      `cmdport ${commandPort}`,
      'bindaddress 127.0.0.1',
      'bindcmdaddress 127.0.0.1',
      'bindcmdaddress /',
      `pidfile ${join(folder, 'pid')}`,
    ];
    await writeFile(config, [...own, ...lines.map((line) => line.replace('OWN', String(ntpPort)))].join('\n'));
    const child = spawn(CHRONYD, ['-x', '-d', '-U', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    const heard: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        heard.push(line);
        if (says.test(line)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`chronyd exited with ${code}: ${heard.join('; ')}`)));
    });
    return new Chronyd(ntpPort, commandPort, folder, child);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
