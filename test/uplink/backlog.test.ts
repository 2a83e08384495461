import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BrokerConnection } from '../../daemon/broker/index.ts';
import { nodeFileSystem, Outbox } from '../../daemon/outbox/index.ts';
import { kidToText, signEnrolment } from '../../daemon/proof/index.ts';
import { statusMessages, Uplink } from '../../daemon/uplink/index.ts';
import { admit, openLedger, VerifierService } from '../../daemon/verifier/index.ts';
import { mqttConfig } from '../broker/support.ts';
import { device, kid, NOW, outboxConfig, seal, verifier } from '../outbox/support.ts';
import { keptLog } from '../support/kept-log.ts';
import { LedgerView } from '../support/ledger-view.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { verifierConfig } from '../verifier/support.ts';

const KID = kidToText(kid);
const BACKLOG = 400;
const SOFTWARE = { name: 'fieldseal', version: '0.0.0' };

let folder: string;
let broker: Mosquitto;
const stop = new AbortController();
const running: Promise<void>[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-backlog-'));
  broker = await Mosquitto.start();
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await broker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** An outbox in which so many proofs wait, none of them synced: they only have to be there. */
async function openOutbox(): Promise<Outbox> {
  const fileSystem = { ...nodeFileSystem, syncFolder: async () => {} };
  const log = keptLog();
  const outbox = new Outbox(outboxConfig({ directory: join(folder, 'outbox') }), { log, fileSystem, now: () => NOW });
  await outbox.open();
  for (let i = 0; i < BACKLOG; i++) await append(outbox, i);
  return outbox;
}

async function append(outbox: Outbox, minute: number): Promise<string> {
  const { message, head } = await seal(outbox.chain(), { count: 1, t: NOW - 3_600_000 + minute * 60 });
  await outbox.append(message, head);
  return Buffer.from(head.digest).toString('hex');
}

async function startVerifier(): Promise<LedgerView> {
  const path = join(folder, 'ledger.sqlite');
  const ledger = openLedger(path);
  const record = {
    ...{ publicKey: device.publicKey, custody: { hardware: false, holder: 'software' }, owner: 'Test owner' },
    ...{ profiles: [{ name: 'gnss/test', digest: new Uint8Array(32) }], created: NOW, software: SOFTWARE },
  };
  admit(ledger, await signEnrolment(record, device), NOW);
  ledger.close();
  const service = new VerifierService(verifierConfig(path, broker.url), {
    ...{ signer: verifier, log: keptLog(), now: () => NOW },
  });
  running.push(service.run(stop.signal));
  return new LedgerView(path);
}

it('a long backlog drains oldest first, fresh proofs go out at once, and each is accepted once and without a flag', async () => {
  const outbox = await openOutbox();
  const ledger = await startVerifier();
  const log = keptLog();
  const mqtt = mqttConfig(broker.url);
  const connection = new BrokerConnection(mqtt, {
    ...{ clientId: `fieldseal-${KID}`, sessionExpirySeconds: 3_600, log },
    status: statusMessages('fieldseal/1', KID, SOFTWARE),
  });
  const published: { readonly seq: number; readonly waiting: number }[] = [];
  const fresh: number[] = [];
  const uplink = new Uplink({ window: 4, receiptTimeout: 60_000, freshFirst: true }, mqtt, {
    ...{ connection, outbox, log, verifierKey: verifier.publicKey, publicKey: device.publicKey },
    onPublish: ({ seq }) => {
      published.push({ seq, waiting: outbox.size });
      // Sealed while the others drain, some time after the connection came up.
      if (seq % 50 === 49 && seq < BACKLOG) {
        fresh.push(BACKLOG + fresh.length);
        void append(outbox, BACKLOG + fresh.length);
      }
    },
  });
  running.push(connection.run(stop.signal), uplink.run(stop.signal));

  const total = BACKLOG + BACKLOG / 50;
  const proofs = await ledger.until((all) => all.filter(({ verdict }) => verdict !== null).length === total);
  expect(proofs.map(({ seq, verdict, reasons }) => ({ seq, verdict, reasons }))).toEqual(
    Array.from({ length: total }, (_, seq) => ({ seq, verdict: 'accepted', reasons: [] })),
  );
  await expect.poll(() => outbox.size).toBe(0);
  expect(uplink.stats.receipts).toEqual({ accepted: total, flagged: 0, rejected: 0, duplicate: 0 });
  expect(uplink.stats.republished).toBe(0);

  const order = published.map(({ seq }) => seq);
  expect(order.filter((seq) => seq < BACKLOG)).toEqual(Array.from({ length: BACKLOG }, (_, seq) => seq));
  expect(fresh).toHaveLength(BACKLOG / 50);
  // Each went out within a few of the backlog after it was sealed.
  for (const [index, seq] of fresh.entries()) {
    const behind = order.indexOf(seq) - order.indexOf(50 * index + 49);
    expect(behind).toBeLessThan(40);
  }
});
