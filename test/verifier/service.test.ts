import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MqttConfig } from '../../daemon/config/mqtt.ts';
import { FieldsealError } from '../../daemon/errors.ts';
import type { DigestSigner } from '../../daemon/proof/index.ts';
import { listDevices, VerifierService, type VerifierSurroundings } from '../../daemon/verifier/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { freePort, Mosquitto } from '../support/mosquitto.ts';
import { admitted, Scratch, signerOf, T0, TestDevice, verifierConfig } from './support.ts';
import { WireDevice } from './wire-device.ts';

const now = () => T0 + 60_000;
const signer = signerOf('ES256', 99);

/** A service that runs until it is stopped. */
class RunningService {
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;
  readonly connected: Promise<void>;

  constructor(config: ReturnType<typeof verifierConfig>, around: Partial<VerifierSurroundings> = {}) {
    let connected = () => {};
    this.connected = new Promise((resolve) => {
      connected = resolve;
    });
    const service = new VerifierService(config, {
      signer,
      log: keptLog(),
      now,
      onConnected: () => connected(),
      ...around,
    });
    this.ended = service.run(this.#stop.signal);
    this.ended.catch(() => {});
  }

  async ready(): Promise<this> {
    await Promise.race([this.connected, this.ended]);
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

describe('the verifier at a broker', () => {
  let scratch: Scratch;
  let broker: Mosquitto;
  let device: TestDevice;
  let wire: WireDevice;
  const running: { stop(): Promise<void> }[] = [];

  const config = (more: object = {}) => verifierConfig(scratch.path('ledger.sqlite'), broker.url, more);
  const serve = async (more: object = {}, around: Partial<VerifierSurroundings> = {}) => {
    const service = new RunningService(config(more), around);
    running.push(service);
    return service.ready();
  };
  const connect = async (mqtt: MqttConfig = config().mqtt) => {
    wire = new WireDevice(device, signer.publicKey, mqtt);
    running.push(wire);
    await wire.start();
  };

  beforeEach(async () => {
    scratch = new Scratch();
    broker = await Mosquitto.start();
    device = new TestDevice();
    await admitted(scratch.ledger(), device);
  });
  afterEach(async () => {
    await Promise.allSettled(running.splice(0).map((one) => one.stop()));
    await broker.dispose();
    scratch.remove();
  });

  it.each(['5', '3.1.1'])('answers each proof with a signed receipt, MQTT %s', async (version) => {
    await serve({ mqtt: { ...config().mqtt, version, ...quick } });
    await connect();
    const sealed = await device.sealMany(3);
    for (const one of sealed) await wire.publish(one);
    for (const { seq, digest, epoch } of sealed) {
      const { receipt } = await wire.receiptFor(seq);
      expect(receipt).toMatchObject({
        kid: device.kid,
        epoch,
        digest,
        verdict: 'accepted',
        reasons: [],
        received: now(),
      });
      expect(receipt.nonce).toHaveLength(16);
      expect(receipt.nonceExpiry).toBe(now() + 3_600_000);
    }
  });

  it('takes the nonce of a receipt in the next proof', async () => {
    await serve();
    await connect();
    await wire.publish(await device.seal());
    const { nonce } = (await wire.receiptFor(0)).receipt;
    await wire.publish(await device.seal({ nonce }));
    expect((await wire.receiptFor(1)).receipt).toMatchObject({ verdict: 'accepted', reasons: [] });
  });

  it("echoes correlation data when the response topic is the device's own, and sends receipts nowhere else", async () => {
    await serve();
    await connect();
    const correlationData = new Uint8Array([1, 2, 3]);
    await wire.publish(await device.seal(), { responseTopic: wire.topic('receipt'), correlationData });
    expect((await wire.receiptFor(0)).message.properties.correlationData).toEqual(correlationData);
    await wire.publish(await device.seal(), { responseTopic: 'elsewhere', correlationData });
    const { message } = await wire.receiptFor(1);
    expect(message.topic).toBe(wire.topic('receipt'));
    expect(message.properties.correlationData).toBeUndefined();
  });

  it('judges what came while it was away', async () => {
    const first = await serve();
    await connect();
    await first.stop();
    for (const one of await device.sealMany(3)) await wire.publish(one);
    await serve();
    expect((await wire.receiptFor(2)).receipt.verdict).toBe('accepted');
    expect(wire.receipts.map(({ receipt }) => receipt.seq)).toEqual([0, 1, 2]);
  });

  it('goes on by itself when the broker was killed', async () => {
    await serve();
    await connect();
    await wire.publish(await device.seal());
    await wire.receiptFor(0);
    await broker.kill();
    await broker.start();
    const next = await device.seal();
    // A broker killed outright forgets sessions, and may take this before the verifier is back: a device sends again.
    const again = setInterval(() => void wire.publish(next).catch(() => {}), 100);
    const { receipt } = await wire.receiptFor(1);
    clearInterval(again);
    expect(['accepted', 'duplicate']).toContain(receipt.verdict);
    expect(listDevices(scratch.ledger()).devices[0]?.proofs).toMatchObject({ accepted: 2, held: 0, missing: 0 });
  });

  it('gives up a gap after its grace and answers what was held', async () => {
    await serve({}, { holdGraceMs: 0, sweepMs: 10 });
    await connect();
    const sealed = await device.sealMany(2);
    if (sealed[1] !== undefined) await wire.publish(sealed[1]);
    expect((await wire.receiptFor(1)).receipt).toMatchObject({ verdict: 'flagged', reasons: ['gap'] });
  });

  it('waits for a slow signer without losing a receipt', async () => {
    const slow: DigestSigner = {
      ...signer,
      sign: async (digest) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return signer.sign(digest);
      },
    };
    await serve({}, { signer: slow });
    await connect();
    const sealed = await device.sealMany(150);
    await Promise.all(sealed.map((one) => wire.publish(one)));
    for (const { seq } of sealed) expect((await wire.receiptFor(seq)).receipt.verdict).toBe('accepted');
  });

  it('outlives a token that fails for a while: the device sends again and is answered', async () => {
    const log = keptLog();
    let failures = 2;
    const failing: DigestSigner = {
      ...signer,
      sign: async (digest) => {
        failures -= 1;
        if (failures >= 0) throw new FieldsealError('TOKEN_TIMEOUT', { detail: 'C_Sign' });
        return signer.sign(digest);
      },
    };
    await serve({}, { signer: failing, log });
    await connect();
    const sealed = await device.seal();
    const again = setInterval(() => void wire.publish(sealed), 50);
    expect((await wire.receiptFor(0)).receipt.verdict).toBe('duplicate');
    clearInterval(again);
    expect(log.lines.filter(({ phrase }) => phrase === 'receipts cannot be signed')).toHaveLength(1);
  });

  it('ends with the error of a signer that will not mend by itself', async () => {
    const wrong: DigestSigner = {
      ...signer,
      sign: async () => {
        throw new FieldsealError('PIN_WRONG', { detail: 'token' });
      },
    };
    const service = await serve({}, { signer: wrong });
    await connect();
    await wire.publish(await device.seal());
    await expect(service.ended).rejects.toMatchObject({ code: 'PIN_WRONG' });
  });

  it('serves its metrics', async () => {
    const port = await freePort();
    await serve({ listen: `127.0.0.1:${port}` });
    await connect();
    await wire.publish(await device.seal());
    await wire.receiptFor(0);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('fieldseal_verifier_proofs_total{verdict="accepted"} 1\n');
    expect(text).toContain('fieldseal_verifier_broker_connected 1\n');
  });

  it('refuses to start where its metrics address is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const service = new RunningService(config({ listen: `127.0.0.1:${port}` }));
    await expect(service.ended).rejects.toMatchObject({ code: 'LISTEN_FAILED', place: 'listen' });
    taken.close();
  });

  it('refuses to start without a ledger', async () => {
    const service = new RunningService(verifierConfig('/nonexistent/ledger', broker.url));
    await expect(service.ended).rejects.toMatchObject({ code: 'LEDGER_UNUSABLE', place: '/nonexistent/ledger' });
  });
});

const quick = { reconnect: { min: '20ms', max: '100ms' }, keepalive: '60s', connectTimeout: '5s' };
