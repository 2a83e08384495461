import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedBroker } from '../../dist/demo/embedded-broker.js';
import { parseProof, publicKeyToJson } from '../../dist/proof/index.js';
import { createKey } from '../../dist/signing/index.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TICKS_PER_SECOND = 100;

/** The daemon as a process of its own, with a software key and a broker that nobody answers from. */
export class DaemonProcess {
  #folder;
  #broker;
  #child;
  #began = 0;
  /** Readings in the proofs that were published. */
  readings = 0;

  /** @param ports lines of the configuration below `ports:`; `files` go beside it, by name. */
  async start(ports, files = {}) {
    this.#folder = await mkdtemp(join(tmpdir(), 'fieldseal-bench-'));
    this.#broker = await EmbeddedBroker.start();
    this.#broker.onPublish((topic, payload) => {
      if (topic.endsWith('/proof')) this.readings += parseProof(payload).payload.size;
    });
    const path = (name) => join(this.#folder, name);
    await createKey(`file:${path('key.json')}`, 'ES256K');
    const verifier = await createKey(`file:${path('verifier-key.json')}`, 'ES256K');
    await writeFile(path('verifier.json'), JSON.stringify(publicKeyToJson(verifier)));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), text);
    }
    const config = `signer: { uri: "file:key.json", algorithm: ES256K }
profileFolders: [.]
ports:
${ports.map((port) => `  - ${JSON.stringify(port)}`).join('\n')}
batching: { maxAge: 10s }
outbox: { directory: outbox }
mqtt: { url: ${JSON.stringify(this.#broker.url)} }
verifier: { publicKeyFile: verifier.json }
`;
    await writeFile(path('fieldseal.yaml'), config);
    this.#began = performance.now();
    this.#child = spawn(process.execPath, [MAIN, 'run', '--config', path('fieldseal.yaml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Milliseconds from the start of the process to the first valid frame of any port. */
  async firstFrameMs() {
    let seen = '';
    for await (const chunk of this.#child.stderr) {
      seen += chunk;
      if (seen.includes('port is read')) return performance.now() - this.#began;
    }
    throw new Error(`the daemon ended before it read anything: ${seen}`);
  }

  async rssMegabytes() {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'latin1');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1_024) / 1e6;
  }

  /** User and system time (proc(5), /proc/pid/stat fields 14 and 15). */
  async cpuSeconds() {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async stop() {
    if (this.#child !== undefined && this.#child.exitCode === null) {
      this.#child.stderr.resume();
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    await this.#broker?.stop();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
