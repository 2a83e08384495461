import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BrokerConnection } from '../../daemon/broker/index.ts';
import { Outbox } from '../../daemon/outbox/index.ts';
import { Uplink } from '../../daemon/uplink/index.ts';
import { mqttConfig } from '../broker/support.ts';
import { device, NOW, outboxConfig, sealChain, verifier } from '../outbox/support.ts';
import { keptLog } from '../support/kept-log.ts';
import { HoldingBroker } from './holding-broker.ts';

let root: string;
let broker: HoldingBroker;
let end = async () => {};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fieldseal-silent-'));
  broker = new HoldingBroker(100);
});
afterEach(async () => {
  vi.useRealTimers();
  await end();
  await broker.close();
  rmSync(root, { recursive: true, force: true });
});

/** An uplink with some proofs to publish, of which no receipt ever comes. */
async function start(proofs: number, window: number, acknowledgeTimeoutMs?: number) {
  const config = mqttConfig(await broker.listen(), { keepalive: '18h' });
  const log = keptLog();
  const outbox = new Outbox(outboxConfig({ directory: join(root, 'outbox') }), { log, now: () => NOW });
  await outbox.open();
  for (const { message, head } of await sealChain(proofs)) await outbox.append(message, head);
  const limit = acknowledgeTimeoutMs === undefined ? {} : { acknowledgeTimeoutMs };
  const connection = new BrokerConnection(config, { clientId: 'device', log, ...limit });
  const uplink = new Uplink({ window, receiptTimeout: 3_600_000, freshFirst: true }, config, {
    ...{ connection, outbox, log, verifierKey: verifier.publicKey, publicKey: device.publicKey },
  });
  const stop = new AbortController();
  const ended = Promise.all([connection.run(stop.signal), uplink.run(stop.signal)]);
  end = async () => {
    stop.abort();
    await ended;
    await outbox.close();
  };
  return { connection, uplink, outbox, log };
}

it('a broker that acknowledges no proof is left, and gets the identical proofs on the next connection', async () => {
  const { connection, uplink, outbox, log } = await start(5, 3, 200);
  const left = once(connection, 'disconnected');
  await broker.holds(3);
  await left;
  const unanswered = [...broker.packets];
  expect(unanswered).toHaveLength(3);
  expect(connection.stats).toMatchObject({ connects: 1, silences: 1, failures: 1 });
  expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { phrase: 'no connection to the broker', fields: { code: 'BROKER_SILENT', place: 'mqtt' } },
  ]);
  broker.open = true;
  while (uplink.stats.acknowledged < 5) await once(uplink, 'progress');
  expect(broker.packets.slice(3, 6)).toEqual(unanswered);
  expect(new Set(broker.packets).size).toBe(5);
  expect([uplink.inFlight, outbox.size]).toEqual([0, 5]);
});

it('a broker that takes fifty seconds for each proof is not left, however long the last of a window waits', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { connection, uplink } = await start(8, 4);
  for (let acknowledged = 0; acknowledged < 8; acknowledged++) {
    await broker.holds(Math.min(4, 8 - acknowledged));
    vi.advanceTimersByTime(50_000);
    broker.release();
    while (uplink.stats.acknowledged <= acknowledged) await once(uplink, 'progress');
  }
  vi.advanceTimersByTime(600_000);
  await new Promise(setImmediate);
  expect([connection.connected, connection.stats.silences, broker.connections, broker.published]).toEqual([
    true,
    0,
    1,
    8,
  ]);
});

it('the same broker is left when a proof takes more than a minute', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { connection } = await start(1, 4);
  await broker.holds(1);
  const left = once(connection, 'disconnected');
  vi.advanceTimersByTime(65_000);
  await left;
  expect(connection.stats.silences).toBe(1);
});
