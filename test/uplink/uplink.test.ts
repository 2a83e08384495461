import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokerConnection, type Message } from '../../daemon/broker/index.ts';
import { Outbox } from '../../daemon/outbox/index.ts';
import {
  kidToText,
  parseProof,
  type Receipt,
  signChallenge,
  signReceipt,
  verifyProof,
} from '../../daemon/proof/index.ts';
import { type Nonce, statusMessages, Uplink, type UplinkParts } from '../../daemon/uplink/index.ts';
import { mqttConfig, Queue, Running } from '../broker/support.ts';
import {
  device,
  kid,
  NOW,
  outboxConfig,
  receiptFor,
  type Sealed,
  seal,
  sealChain,
  verifier,
} from '../outbox/support.ts';
import { keptLog } from '../support/kept-log.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { testSigner } from '../support/test-signer.ts';
import { HoldingBroker } from './holding-broker.ts';

const KID = kidToText(kid);
const TOPIC = (leaf: string) => `fieldseal/1/${KID}/${leaf}`;

let root: string;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fieldseal-uplink-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(root, { recursive: true, force: true });
});

async function openOutbox(log = keptLog()) {
  const outbox = new Outbox(outboxConfig({ directory: join(root, 'outbox') }), { log, now: () => NOW });
  await outbox.open();
  cleanups.push(() => outbox.close());
  return outbox;
}

/** A gateway's end of the line: outbox, connection and uplink. */
async function startUplink(
  url: string,
  more: Partial<UplinkParts> & { window?: number; receiptTimeout?: number } = {},
) {
  const { window = 16, receiptTimeout = 60_000, ...parts } = more;
  const config = mqttConfig(url);
  const log = keptLog();
  const outbox = more.outbox ?? (await openOutbox(log));
  const connection = new BrokerConnection(config, {
    clientId: `fieldseal-${KID}`,
    sessionExpirySeconds: 3600,
    status: statusMessages('fieldseal/1', KID, { name: 'fieldseal', version: '1.2.3' }),
    log,
  });
  const uplink = new Uplink({ window, receiptTimeout, freshFirst: true }, config, {
    connection,
    outbox,
    verifierKey: verifier.publicKey,
    publicKey: device.publicKey,
    log,
    ...parts,
  });
  const stop = new AbortController();
  const ended = Promise.all([connection.run(stop.signal), uplink.run(stop.signal)]);
  ended.catch(() => {});
  const end = async () => {
    stop.abort();
    await ended;
  };
  cleanups.push(end);
  return { uplink, outbox, connection, log, end, ended };
}

/** A verifier that keeps what it gets and answers when it is told to. */
async function startVerifier(url: string, session = {}) {
  const proofs = new Queue<Message>();
  const all: Message[] = [];
  const running = await Running.connected(mqttConfig(url), { clientId: 'verifier', ...session }, (connection) => {
    connection.subscribe(['fieldseal/1/+/proof']);
    connection.onMessage(async (message) => {
      all.push(message);
      proofs.put(message);
    });
  });
  cleanups.push(() => running.stop());
  const answer = async (message: Message, more: Partial<Receipt> = {}) => {
    const { digest, payload } = parseProof(message.payload);
    const receipt = receiptFor({ epoch: payload.epoch, seq: payload.seq, digest }, more);
    const bytes = await signReceipt(receipt, verifier);
    await running.connection.publish(TOPIC('receipt'), bytes);
    return bytes;
  };
  return { proofs, all, answer, connection: running.connection, stop: () => running.stop() };
}

const seqOf = (message: Message) => parseProof(message.payload).payload.seq;
const append = async (outbox: Outbox, chain: readonly Sealed[]) => {
  for (const { message, head } of chain) await outbox.append(message, head);
};
const drained = async (outbox: Outbox) => {
  while (outbox.size > 0) await once(outbox, 'changed');
  // The uplink hears of it in the same turn of the event loop.
  await new Promise(setImmediate);
};
const hasChanged = async (outbox: Outbox, done: () => boolean) => {
  while (!done()) await once(outbox, 'changed');
};

describe('the uplink through mosquitto', () => {
  let broker: Mosquitto;
  beforeEach(async () => {
    broker = await Mosquitto.start();
    cleanups.push(() => broker.dispose());
  });

  it('publishes proofs in chain order, byte for byte, with where to answer; receipts empty the outbox', async () => {
    const far = await startVerifier(broker.url);
    const { outbox, uplink } = await startUplink(broker.url);
    const chain = await sealChain(30);
    await append(outbox, chain);
    for (const { message } of chain) {
      const received = await far.proofs.take();
      expect(Buffer.from(received.payload)).toEqual(Buffer.from(message));
      const { digest } = verifyProof(received.payload, device.publicKey).proof;
      expect(received.properties).toMatchObject({
        contentType: 'application/fieldseal-batch+cbor',
        responseTopic: TOPIC('receipt'),
      });
      expect(received.properties.correlationData).toEqual(digest);
      await far.answer(received);
    }
    await drained(outbox);
    expect(uplink.stats).toMatchObject({ published: 30, republished: 0, receipts: { accepted: 30 } });
    expect(readdirSync(join(root, 'outbox', 'spool'))).toEqual([]);
  });

  it('publishes a proof again, the identical bytes, until its receipt comes', async () => {
    const far = await startVerifier(broker.url);
    const { outbox, uplink } = await startUplink(broker.url, { receiptTimeout: 100 });
    const [one] = await sealChain(1);
    await append(outbox, [one!]);
    const copies = [await far.proofs.take(), await far.proofs.take(), await far.proofs.take()];
    for (const copy of copies) expect(Buffer.from(copy.payload)).toEqual(Buffer.from(one!.message));
    await far.answer(copies[0]!);
    await drained(outbox);
    expect(uplink.stats.published).toBe(1);
    expect(uplink.stats.republished).toBeGreaterThanOrEqual(2);
  });

  it('keeps proofs while the broker is away and sends all of them when it is back', async () => {
    const { outbox, connection } = await startUplink(broker.url, { receiptTimeout: 500 });
    if (!connection.connected) await once(connection, 'connected');
    const session = { sessionExpirySeconds: 3600 };
    const before = await startVerifier(broker.url, session);
    const chain = await sealChain(20);
    await append(outbox, chain.slice(0, 10));
    await before.proofs.take();
    await broker.kill();
    await append(outbox, chain.slice(10));
    expect(outbox.size).toBe(20);
    await before.stop();

    await broker.start();
    const far = await startVerifier(broker.url, session);
    const seen = new Set<number>();
    const empty = drained(outbox);
    while (outbox.size > 0) {
      const received = await Promise.race([far.proofs.take(), empty]);
      if (received === undefined) break;
      seen.add(seqOf(received));
      await far.answer(received, { verdict: 'duplicate' });
    }
    await empty;
    expect([...seen].sort((a, b) => a - b)).toEqual(chain.map((_, index) => index));
  });

  it('begins where a killed run left off, with the identical bytes', async () => {
    const chain = await sealChain(3);
    const noLock = { take: async () => {}, release: async () => {} };
    const crashed = new Outbox(outboxConfig({ directory: join(root, 'outbox'), maxAge: 1e12 }), {
      log: keptLog(),
      lock: noLock,
    });
    await crashed.open();
    await append(crashed, chain);

    const far = await startVerifier(broker.url);
    const { outbox } = await startUplink(broker.url);
    for (const { message } of chain) {
      const received = await far.proofs.take();
      expect(Buffer.from(received.payload)).toEqual(Buffer.from(message));
      await far.answer(received);
    }
    await drained(outbox);
  });

  it('moves a rejected proof to quarantine and goes on with the others', async () => {
    const far = await startVerifier(broker.url);
    const { outbox, uplink, log } = await startUplink(broker.url);
    await append(outbox, await sealChain(2));
    await far.answer(await far.proofs.take(), { verdict: 'rejected', reasons: ['time-future'] });
    await far.answer(await far.proofs.take());
    await drained(outbox);
    expect(uplink.stats.receipts).toMatchObject({ accepted: 1, rejected: 1 });
    expect(readdirSync(join(root, 'outbox', 'quarantine'))).toHaveLength(2);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields)).toMatchObject([{ code: 'PROOF_REJECTED' }]);
  });

  it('passes over a damaged file and sends the rest', async () => {
    const far = await startVerifier(broker.url);
    const outbox = await openOutbox();
    const chain = await sealChain(3);
    await append(outbox, chain);
    const folder = join(root, 'outbox', 'spool');
    truncateSync(join(folder, readdirSync(folder).sort()[1]!), 20);
    await startUplink(broker.url, { outbox });
    for (const seq of [0, 2]) {
      const received = await far.proofs.take();
      expect(seqOf(received)).toBe(seq);
      await far.answer(received);
    }
    await drained(outbox);
    expect(outbox.losses).toMatchObject([{ reason: 'outbox-corrupt' }]);
  });

  it('takes no harm from answers that are forged, foreign, unknown or repeated', async () => {
    const far = await startVerifier(broker.url);
    const receipts: Receipt[] = [];
    const { outbox, uplink } = await startUplink(broker.url, { onReceipt: (receipt) => receipts.push(receipt) });
    const [one, two] = await sealChain(2);
    await append(outbox, [one!, two!]);
    const first = await far.proofs.take();
    await far.proofs.take();

    const good = await signReceipt(receiptFor(one!.head), verifier);
    const forged = await signReceipt(receiptFor(one!.head), testSigner(9));
    const tampered = Uint8Array.from(good);
    tampered[tampered.length - 1]! ^= 1;
    const other = await signReceipt(receiptFor(one!.head, { kid: new Uint8Array(32) }), verifier);
    const unknown = await signReceipt(receiptFor((await seal()).head), verifier);
    const harmless = [forged, tampered, other, unknown, new Uint8Array(0), new Uint8Array(5000), Buffer.from('hello')];
    for (const bytes of harmless) await far.connection.publish(TOPIC('receipt'), bytes);
    for (const bytes of [good, new Uint8Array(3)]) await far.connection.publish(TOPIC('challenge'), bytes);
    expect(outbox.size).toBe(2);

    await far.answer(first);
    await hasChanged(outbox, () => outbox.size === 1);
    await far.answer(first);
    await far.answer({ ...first, payload: two!.message });
    await drained(outbox);
    expect(uplink.stats.receipts.accepted).toBe(2);
    expect(uplink.stats.unknownReceipts).toBe(2);
    expect(uplink.stats.badAnswers['other-device']).toBe(1);
    expect(uplink.stats.badAnswers['signature']).toBe(2);
    const bad = Object.values(uplink.stats.badAnswers).reduce((sum, count) => sum + count, 0);
    expect(bad).toBe(8);
    expect(receipts).toHaveLength(4);
  });

  it('does not believe that a sound proof is broken: what was rejected is another copy', async () => {
    const far = await startVerifier(broker.url);
    const { outbox, uplink } = await startUplink(broker.url, { receiptTimeout: 100 });
    await append(outbox, await sealChain(1));
    const proof = await far.proofs.take();
    for (const reason of ['signature', 'high-s', 'algorithm', 'block', 'root'] as const) {
      await far.answer(proof, { verdict: 'rejected', reasons: [reason] });
    }
    await vi.waitFor(() => expect(uplink.stats.mangled).toBe(5));
    expect(outbox.size).toBe(1);
    const again = await far.proofs.take();
    expect(again.payload).toEqual(proof.payload);
    await far.answer(again);
    await drained(outbox);
    expect(uplink.stats.receipts).toMatchObject({ accepted: 1, rejected: 0 });
  });

  it('hands on the latest nonce, by receipt or challenge, and none that is older', async () => {
    const far = await startVerifier(broker.url);
    const nonces = new Queue<Nonce>();
    const { outbox } = await startUplink(broker.url, { onNonce: (nonce) => nonces.put(nonce) });
    await append(outbox, await sealChain(1));
    const proof = await far.proofs.take();
    const nonce = (fill: number) => new Uint8Array(16).fill(fill);
    const challenge = async (fill: number, expiry: number) =>
      far.connection.publish(TOPIC('challenge'), await signChallenge({ kid, nonce: nonce(fill), expiry }, verifier));
    await challenge(1, NOW + 1000);
    expect(await nonces.take()).toEqual({ nonce: nonce(1), expiry: NOW + 1000 });
    await challenge(2, NOW);
    await far.answer(proof, { nonce: nonce(3), nonceExpiry: NOW + 2000 });
    expect(await nonces.take()).toEqual({ nonce: nonce(3), expiry: NOW + 2000 });
  });

  it('asks for a beacon once for each challenge, and never for an old one', async () => {
    const far = await startVerifier(broker.url);
    const asked: number[] = [];
    const { uplink, outbox } = await startUplink(broker.url, { onBeacon: ({ frequency }) => asked.push(frequency) });
    await append(outbox, await sealChain(1));
    await far.proofs.take();
    const beacon = { payload: Uint8Array.of(1), spreadingFactor: 9, bandwidth: 125_000, codingRate: 5, power: 14 };
    const challenge = async (frequency: number, expiry: number) => {
      const nonce = new Uint8Array(16).fill(expiry - NOW);
      return signChallenge({ kid, nonce, expiry, beacon: { ...beacon, frequency } }, verifier);
    };
    const [first, second] = [await challenge(868_100_000, NOW + 1), await challenge(868_300_000, NOW + 2)];
    for (const bytes of [first, first, second, first, second]) {
      await far.connection.publish(TOPIC('challenge'), bytes);
    }
    await vi.waitFor(() => expect(uplink.stats.challenges).toBe(5));
    expect(asked).toEqual([868_100_000, 868_300_000]);
  });

  it('says on its status topic whether it is there', async () => {
    const statuses = new Queue<Message>();
    const watcher = await Running.connected(mqttConfig(broker.url), { clientId: 'watcher' }, (connection) => {
      connection.subscribe(['fieldseal/1/+/status']);
      connection.onMessage(async (message) => statuses.put(message));
    });
    cleanups.push(() => watcher.stop());
    const { end } = await startUplink(broker.url);
    const status = async () => {
      const { topic, payload } = await statuses.take();
      return { topic, ...JSON.parse(Buffer.from(payload).toString()) };
    };
    expect(await status()).toEqual({ topic: TOPIC('status'), online: true, software: 'fieldseal 1.2.3' });
    await end();
    expect(await status()).toMatchObject({ online: false });
  });
});

describe('a broker with limits', () => {
  it('of packet size: what it cannot take stays in the outbox, with one line, and the rest goes', async () => {
    const broker = await Mosquitto.start({ config: ['max_packet_size 1200'] });
    cleanups.push(() => broker.dispose());
    const far = await startVerifier(broker.url);
    const { outbox, uplink, log } = await startUplink(broker.url);
    const small = await seal(undefined, { count: 1 });
    const large = await seal(small.head, { count: 900 });
    const larger = await seal(large.head, { count: 900 });
    const last = await seal(larger.head, { count: 1 });
    await append(outbox, [small, large, larger, last]);
    for (const seq of [0, 3]) {
      const received = await far.proofs.take();
      expect(seqOf(received)).toBe(seq);
      await far.answer(received);
    }
    await hasChanged(outbox, () => outbox.size === 2);
    expect(uplink.stats).toMatchObject({ oversize: 2, published: 4 });
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields)).toMatchObject([{ code: 'BROKER_PACKET_LIMIT' }]);
  });

  it('of access: one line, and the proofs stay', async () => {
    const broker = await Mosquitto.start({ acl: 'topic read #\n' });
    cleanups.push(() => broker.dispose());
    const { outbox, uplink, log } = await startUplink(broker.url);
    await append(outbox, await sealChain(3));
    await vi.waitFor(() => expect(uplink.awaitingReceipt).toBe(3));
    expect(uplink.stats).toMatchObject({ refused: 3, acknowledged: 0 });
    expect(outbox.size).toBe(3);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields)).toMatchObject([{ code: 'BROKER_REFUSED' }]);
  });
});

describe('the windows', () => {
  const startBroker = async (receiveMaximum: number) => {
    const broker = new HoldingBroker(receiveMaximum);
    const url = await broker.listen();
    cleanups.push(() => broker.close());
    return { broker, url };
  };

  it.each([
    ['the window of the configuration', 4, 100, 4],
    ['the receive maximum of the broker', 16, 3, 3],
  ])('no more proofs wait for the broker than %s allows', async (_, window, receiveMaximum, expected) => {
    const { broker, url } = await startBroker(receiveMaximum);
    const { outbox, uplink } = await startUplink(url, { window });
    await append(outbox, await sealChain(20));
    for (let acknowledged = 0; acknowledged < 20; acknowledged++) {
      await broker.holds(Math.min(expected, 20 - acknowledged));
      broker.release();
    }
    await vi.waitFor(() => expect(uplink.awaitingReceipt).toBe(20));
    expect([broker.most, broker.published]).toEqual([expected, 20]);
  });

  it('a broker that acknowledges and a verifier that is away get ten windows of proofs and no more', async () => {
    const { broker, url } = await startBroker(100);
    broker.open = true;
    const { outbox, uplink } = await startUplink(url, { window: 2 });
    await append(outbox, await sealChain(50));
    while (uplink.awaitingReceipt < 20 || uplink.inFlight > 0) await once(uplink, 'progress');
    await new Promise(setImmediate);
    expect([broker.published, outbox.size]).toEqual([20, 50]);
  });
});
