import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedBroker } from '../../dist/demo/embedded-broker.js';
import { publicKeyToJson } from '../../dist/proof/index.js';
import { createKey } from '../../dist/signing/index.js';
import { Track, VirtualDevice } from '../../dist/simulator/index.js';
import { round } from './measure.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SETTLE_MS = 10_000;
const MEASURE_MS = 30_000;
const TICKS_PER_SECOND = 100;

/** Resident memory and processor time of the daemon itself, with one 10 Hz u-blox receiver, batches of 10 s. */
export async function benchDaemon() {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-bench-'));
  const broker = await EmbeddedBroker.start();
  const device = new VirtualDevice({
    model: 'ublox',
    rateHz: 10,
    track: new Track({ start: Date.now(), seed: 3 }),
    baudRate: 115_200,
  });
  const port = device.open();
  const stop = new AbortController();
  const driving = device.run(stop.signal);
  const began = performance.now();
  let daemon;
  try {
    daemon = await start(folder, broker.url, port);
    const firstFrameMs = await untilRunning(daemon, began);
    await wait(SETTLE_MS);
    const before = await cpuSeconds(daemon.pid);
    await wait(MEASURE_MS);
    const cpu = (await cpuSeconds(daemon.pid)) - before;
    return {
      rssMegabytes: round((await rssBytes(daemon.pid)) / 1e6),
      cpuPercentOfOneCore: round((100 * cpu) / (MEASURE_MS / 1_000)),
      startToFirstFrameMs: Math.round(firstFrameMs),
    };
  } finally {
    if (daemon !== undefined) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    stop.abort();
    await driving;
    await broker.stop();
    await rm(folder, { recursive: true });
  }
}

async function start(folder, brokerUrl, port) {
  await createKey(`file:${join(folder, 'key.json')}`, 'ES256K');
  const verifier = await createKey(`file:${join(folder, 'verifier-key.json')}`, 'ES256K');
  await writeFile(join(folder, 'verifier.json'), JSON.stringify(publicKeyToJson(verifier)));
  await writeFile(
    join(folder, 'fieldseal.yaml'),
    `signer: { uri: "file:key.json", algorithm: ES256K }
ports: [{ source: gnss, path: ${JSON.stringify(port)}, profile: gnss/ublox-neo-m9n }]
batching: { maxAge: 10s }
outbox: { directory: outbox }
mqtt: { url: ${JSON.stringify(brokerUrl)} }
verifier: { publicKeyFile: verifier.json }
`,
  );
  return spawn(process.execPath, [MAIN, 'run', '--config', join(folder, 'fieldseal.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Milliseconds from the start of the process to its first valid frame. */
async function untilRunning(daemon) {
  const began = performance.now();
  let seen = '';
  for await (const chunk of daemon.stderr) {
    seen += chunk;
    if (seen.includes('port is read')) break;
  }
  return performance.now() - began;
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function rssBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1_024;
}

/** User and system time of a process (proc(5), /proc/pid/stat fields 14 and 15). */
async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
