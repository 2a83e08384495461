import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anyDeviceFilter, BrokerConnection, deviceTopic } from '../../dist/broker/index.js';
import { mqttSchema } from '../../dist/config/mqtt.js';
import { EmbeddedBroker } from '../../dist/demo/embedded-broker.js';
import { kidToText, parseProof, publicKeyToJson, signReceipt } from '../../dist/proof/index.js';
import { createKey, openSigner } from '../../dist/signing/index.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TICKS_PER_SECOND = 100;
const MQTT = mqttSchema.parse({ url: 'mqtt://127.0.0.1' });
const NONCE = new Uint8Array(16);
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** The daemon as a process of its own, with a software key, a broker, and somebody who answers its proofs. */
export class DaemonProcess {
  #folder;
  #broker;
  #child;
  #began = 0;
  #answering;
  #stop = new AbortController();
  #outbox;
  #batching;
  /** Readings in the proofs that were answered. */
  readings = 0;

  /** @param outbox its folder; `batching` as the configuration has it */
  constructor({ outbox = 'outbox', batching = { maxAge: '10s' } } = {}) {
    this.#outbox = outbox;
    this.#batching = batching;
  }

  /** @param ports lines of the configuration below `ports:`; `files` go beside it, by name. */
  async start(ports, files = {}) {
    this.#folder = await mkdtemp(join(tmpdir(), 'fieldseal-bench-'));
    this.#broker = await EmbeddedBroker.start();
    const path = (name) => join(this.#folder, name);
    await createKey(`file:${path('key.json')}`, 'ES256K');
    const verifier = await createKey(`file:${path('verifier-key.json')}`, 'ES256K');
    await writeFile(path('verifier.json'), JSON.stringify(publicKeyToJson(verifier)));
    this.#answering = this.#answer(
      await openSigner({ uri: `file:${path('verifier-key.json')}`, algorithm: 'ES256K', timeout: 1_000 }),
    );
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), text);
    }
    const config = `signer: { uri: "file:key.json", algorithm: ES256K }
profileFolders: [.]
ports:
${ports.map((port) => `  - ${JSON.stringify(port)}`).join('\n')}
batching: ${JSON.stringify(this.#batching)}
clock: { wait: 0s }
outbox: { directory: ${JSON.stringify(this.#outbox)} }
mqtt: { url: ${JSON.stringify(this.#broker.url)} }
verifier: { publicKeyFile: verifier.json }
`;
    await writeFile(path('fieldseal.yaml'), config);
    this.#began = performance.now();
    this.#child = spawn(process.execPath, [MAIN, 'run', '--config', path('fieldseal.yaml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Stands for the verifier: accepts every proof at once, so that nothing piles up in the outbox. */
  async #answer(signer) {
    const config = { ...MQTT, url: this.#broker.url };
    const connection = new BrokerConnection(config, { clientId: 'bench-verifier', log: SILENT });
    connection.subscribe([anyDeviceFilter(config.prefix, 'proof')]);
    connection.onMessage(async ({ payload: message }) => {
      const { kid, digest, payload } = parseProof(message);
      this.readings += payload.size;
      const { epoch, seq } = payload;
      const now = Date.now();
      const receipt = {
        kid,
        epoch,
        seq,
        digest,
        verdict: 'accepted',
        received: now,
        reasons: [],
        nonce: NONCE,
        nonceExpiry: now + 60_000,
      };
      const topic = deviceTopic(config.prefix, kidToText(kid), 'receipt');
      // The connection holds messages back until their handlers end: the receipt goes out beside it.
      void signReceipt(receipt, signer)
        .then((bytes) => connection.publish(topic, bytes))
        .catch(() => {});
    });
    await connection.run(this.#stop.signal);
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

  /** Bytes that it had written to disks (proc(5), /proc/pid/io). */
  async bytesWritten() {
    return Number(/^write_bytes: (\d+)$/m.exec(await readFile(`/proc/${this.#child.pid}/io`, 'latin1'))[1]);
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
    this.#stop.abort();
    await this.#answering;
    await this.#broker?.stop();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
