import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const MOSQUITTO = '/usr/sbin/mosquitto';

/** A process of the torture: it goes when the torture goes, however that ends. */
class Process {
  #child;
  #exited;
  #waiting = new Set();
  #isAsked = false;
  startedAt = Date.now();
  /** Lines of its log, and what it wrote besides. */
  lines = [];
  stray = [];

  constructor(command, args, options = {}) {
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#tell();
      return signal ?? code;
    });
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#hear(line));
  }

  get hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** It ended though nobody asked it to: a daemon must never. */
  get hasFailed() {
    return this.hasEnded && !this.#isAsked;
  }

  get exited() {
    return this.#exited;
  }

  said(phrase) {
    return this.lines.find((line) => (line.msg ?? line).includes(phrase));
  }

  /** Resolves to the line; undefined where the process ends first. */
  async says(phrase) {
    for (;;) {
      const line = this.said(phrase);
      if (line !== undefined || this.hasEnded) return line;
      await new Promise((resolve) => this.#waiting.add(resolve));
    }
  }

  async end(signal) {
    this.#isAsked = true;
    this.#child.kill(signal);
    return this.#exited;
  }

  #hear(text) {
    if (text.startsWith('{')) this.lines.push(JSON.parse(text));
    else if (/^\d+: /.test(text)) this.lines.push(text);
    else this.stray.push(text);
    this.#tell();
  }

  #tell() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A service of the built program. */
export const startProgram = (args, { env, cwd }) =>
  new Process(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, cwd });

/** A mosquitto on a loopback port, which can be killed and started again. */
export class Broker {
  #folder;
  #port;
  #process;

  async #prepare() {
    this.#folder = await mkdtemp(join(tmpdir(), 'fieldseal-torture-broker-'));
    this.#port = await freePort();
    const lines = [
      `listener ${this.#port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${this.#folder}/`,
      'autosave_on_changes true',
      'autosave_interval 1',
      ...(process.getuid() === 0 ? ['user root'] : []),
    ];
    await writeFile(join(this.#folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  }

  get url() {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async start() {
    if (this.#folder === undefined) await this.#prepare();
    this.#process = new Process(MOSQUITTO, ['-c', join(this.#folder, 'mosquitto.conf')]);
    const line = await this.#process.says(' running');
    if (line === undefined) throw new Error(`mosquitto ended: ${this.#process.stray.join('; ')}`);
  }

  async kill() {
    await this.#process?.end('SIGKILL');
  }

  async clear() {
    await this.kill();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}
