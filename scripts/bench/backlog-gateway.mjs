// The half of a gateway that brings proofs away, as a process of its own: outbox, uplink and broker connection, and a proof a second that is
// sealed meanwhile. usage: node backlog-gateway.mjs CONFIG.json; tells what it sees as lines of JSON; SIGTERM ends it.
import { readFile } from 'node:fs/promises';
import { BrokerConnection } from '../../dist/broker/index.js';
import { mqttSchema } from '../../dist/config/mqtt.js';
import { createLog } from '../../dist/log.js';
import { Outbox } from '../../dist/outbox/index.js';
import { kidToText, publicKeyFromJson, thumbprint } from '../../dist/proof/index.js';
import { openSigner } from '../../dist/signing/index.js';
import { statusMessages, Uplink } from '../../dist/uplink/index.js';
import { seal } from './backlog-proofs.mjs';
import { wait } from './daemon-process.mjs';

const { directory, key, verifier, url, freshFirst, freshEveryMs } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const log = createLog('warn');
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const began = performance.now();
const outbox = new Outbox({ directory, maxBytes: 1e12, maxAge: 1e12, drop: 'oldest', memory: 8e6 }, { log });
await outbox.open();
tell({ openedMs: performance.now() - began, proofs: outbox.size });

const signer = await openSigner({ uri: `file:${key}`, algorithm: 'ES256K', timeout: 10_000 });
const mqtt = mqttSchema.parse({ url });
const kid = thumbprint(signer.publicKey);
const connection = new BrokerConnection(mqtt, {
  clientId: 'bench-gateway',
  sessionExpirySeconds: 3_600,
  status: statusMessages(mqtt.prefix, kidToText(kid), { name: 'bench', version: '0' }),
  log,
});
/** Digests of fresh proofs, and when they were sealed. */
const fresh = new Map();
const delays = [];
const config = { window: 16, receiptTimeout: 60_000, freshFirst };
const uplink = new Uplink(config, mqtt, {
  connection,
  outbox,
  verifierKey: publicKeyFromJson(verifier),
  publicKey: signer.publicKey,
  log,
  onPublish: ({ digest }) => {
    const sealed = fresh.get(digest);
    if (sealed === undefined) return;
    delays.push(performance.now() - sealed);
    fresh.delete(digest);
  },
});

async function sealFresh() {
  while (!stop.signal.aborted) {
    await wait(freshEveryMs);
    const { message, head } = await seal(signer, outbox.chain(), Date.now());
    fresh.set(Buffer.from(head.digest).toString('hex'), performance.now());
    await outbox.append(message, head);
  }
}

async function report() {
  while (!stop.signal.aborted) {
    const { published, republished, receipts, unknownReceipts } = uplink.stats;
    tell({ waiting: outbox.size, published, republished, receipts, unknownReceipts, delays: delays.splice(0) });
    await wait(500);
  }
}

await Promise.all([uplink.run(stop.signal), connection.run(stop.signal), sealFresh(), report()]);
await outbox.close();
await signer.close();
