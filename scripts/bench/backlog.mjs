import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { nodeFileSystem, Outbox } from '../../dist/outbox/index.js';
import { publicKeyToJson, signEnrolment } from '../../dist/proof/index.js';
import { createKey, openSigner } from '../../dist/signing/index.js';
import { admit, openLedger } from '../../dist/verifier/index.js';
import { freePort } from '../free-port.mjs';
import { PROFILE, seal } from './backlog-proofs.mjs';
import { wait } from './daemon-process.mjs';
import { round } from './measure.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const GATEWAY = fileURLToPath(new URL('backlog-gateway.mjs', import.meta.url));
const MINUTE = 60_000;
const FRESH_EVERY_MS = 1_000;
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
/** Proofs are made as fast as the processor can: nothing is measured yet. */
const UNSYNCED = {
  ...nodeFileSystem,
  write: (path, bytes) => writeFile(path, bytes, { flag: 'wx', mode: 0o600 }),
  async create(path, bytes) {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
    return { sync: async () => {}, close: async () => {} };
  },
  syncFolder: async () => {},
};

/**
 * Broker and verifier were away for a week of a proof a minute, or ten: how long the outbox takes to open, how fast it drains through
 * mosquitto to the verifier, how soon a proof goes out that is sealed meanwhile, and how much memory that takes.
 * FIELDSEAL_BENCH_BACKLOG: how many proofs, 100000.
 */
export async function benchBacklog(count = Number(process.env.FIELDSEAL_BENCH_BACKLOG ?? 100_000)) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-backlog-'));
  const path = (name) => join(folder, name);
  const stopped = [];
  try {
    await createKey(`file:${path('key.json')}`, 'ES256K');
    const verifier = await createKey(`file:${path('verifier-key.json')}`, 'ES256K');
    const device = await openSigner({ uri: `file:${path('key.json')}`, algorithm: 'ES256K', timeout: 10_000 });
    const made = await makeBacklog(path('outbox'), device, count);
    await enrol(path('ledger.sqlite'), device);
    await device.close();

    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    await writeFile(
      path('mosquitto.conf'),
      `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`,
    );
    const broker = spawn('/usr/sbin/mosquitto', ['-c', path('mosquitto.conf')], { stdio: 'ignore' });
    stopped.unshift(broker);
    await wait(500);
    const config = `signer: { uri: "file:${path('verifier-key.json')}", algorithm: ES256K }
ledger: ${path('ledger.sqlite')}
mqtt: { url: "${url}" }
log: { level: warn }
`;
    await writeFile(path('verifier.yaml'), config);
    const service = spawn(process.execPath, [MAIN, 'verifier', 'run', '--config', path('verifier.yaml')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    stopped.unshift(service);
    await wait(1_500);

    const settings = { directory: path('outbox'), key: path('key.json'), verifier: publicKeyToJson(verifier), url };
    await writeFile(
      path('gateway.json'),
      JSON.stringify({ ...settings, freshFirst: true, freshEveryMs: FRESH_EVERY_MS }),
    );
    const gateway = spawn(process.execPath, [GATEWAY, path('gateway.json')], { stdio: ['ignore', 'pipe', 'inherit'] });
    stopped.unshift(gateway);
    const drained = await watch(gateway, count);
    const [rss, verifierRss] = [await highWater(gateway.pid), await highWater(service.pid)];
    for (const child of stopped.splice(0)) await end(child);
    return { ...made, ...drained, rssPeakMB: rss, verifierRssPeakMB: verifierRss, ...ledgerOf(path('ledger.sqlite')) };
  } finally {
    for (const child of stopped) await end(child);
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeBacklog(directory, signer, count) {
  const options = { log: SILENT, fileSystem: UNSYNCED };
  const outbox = new Outbox({ directory, maxBytes: 1e12, maxAge: 1e12, drop: 'oldest', memory: 8e6 }, options);
  await outbox.open();
  const start = Date.now() - count * MINUTE;
  for (let i = 0; i < count; i += 1) {
    const { message, head } = await seal(signer, outbox.chain(), start + i * MINUTE);
    await outbox.append(message, head);
    if (i % 10_000 === 9_999) console.error(`  ${i + 1} proofs made`);
  }
  const { size, bytes } = outbox;
  await outbox.close();
  return { proofs: size, megabytes: round(bytes / 1e6) };
}

async function enrol(path, device) {
  const ledger = openLedger(path);
  const record = {
    ...{ publicKey: device.publicKey, custody: { hardware: false, holder: 'software' }, profiles: [PROFILE] },
    ...{ owner: 'bench', created: Date.now(), software: { name: 'bench', version: '0' } },
  };
  admit(ledger, await signEnrolment(record, device), Date.now());
  ledger.close();
}

/** Until the backlog has been answered. The rates count what the verifier answered. */
async function watch(gateway, count) {
  let opened;
  let began;
  let last;
  const delays = [];
  for await (const line of createInterface({ input: gateway.stdout })) {
    const said = JSON.parse(line);
    if (said.openedMs !== undefined) {
      opened = said.openedMs;
      continue;
    }
    delays.push(...said.delays);
    const settled = said.receipts.accepted + said.receipts.flagged + said.receipts.duplicate;
    if (settled === 0) began = performance.now();
    last = said;
    if (settled >= count) break;
  }
  const seconds = (performance.now() - began) / 1_000;
  delays.sort((a, b) => a - b);
  return {
    openMs: round(opened),
    drainSeconds: round(seconds),
    drainedPerSecond: round(count / seconds),
    freshDelayMedianMs: round(delays[delays.length >> 1] ?? Number.NaN),
    freshDelayMaxMs: round(delays.at(-1) ?? Number.NaN),
    republished: last.republished,
    receipts: last.receipts,
  };
}

function ledgerOf(path) {
  const database = new Database(path, { readonly: true });
  const verdicts = database
    .prepare('SELECT verdict, reasons, count(*) AS proofs, count(DISTINCT digest) AS digests FROM proofs GROUP BY 1, 2')
    .all();
  database.close();
  return { ledger: verdicts };
}

async function highWater(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return round((Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1_024) / 1e6);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
