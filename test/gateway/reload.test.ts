import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadDaemonConfig } from '../../daemon/config/index.ts';
import { Gateway } from '../../daemon/gateway.ts';
import type { GatewayStatus } from '../../daemon/health/index.ts';
import { type Loss, verifyProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { openSigner } from '../../daemon/signing/index.ts';
import { Track, VirtualDevice } from '../../daemon/simulator/index.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { keptLog } from '../support/kept-log.ts';
import { freePort } from '../support/mosquitto.ts';

const unplug = new AbortController();
const driving: Promise<void>[] = [];
const paths: string[] = [];
beforeAll(() => {
  for (const seed of [1, 2]) {
    const track = new Track({ start: Date.now(), seed });
    const device = new VirtualDevice({ model: 'nmea', rateHz: 5, baudRate: 115_200, track });
    paths.push(device.open());
    driving.push(device.run(unplug.signal));
  }
});
afterAll(async () => {
  unplug.abort();
  await Promise.all(driving);
});

/** A gateway in this process that can be told to reload. */
class RunningGateway {
  readonly site: DaemonFolder;
  readonly log = keptLog();
  readonly told: string[] = [];
  readonly readings: Reading[] = [];
  readonly losses: Loss[] = [];
  readonly #stop = new AbortController();
  readonly #gateway: Gateway;
  readonly #running: Promise<void>;
  status: () => GatewayStatus = () => {
    throw new Error('not ready');
  };
  readonly ready: Promise<void>;

  private constructor(site: DaemonFolder, gateway: (one: RunningGateway, onReady: () => void) => Gateway) {
    this.site = site;
    let onReady: () => void = () => {};
    this.ready = new Promise((resolve) => {
      onReady = resolve;
    });
    this.#gateway = gateway(this, onReady);
    this.#running = this.#gateway.run(this.#stop.signal);
  }

  static async start(sections: Readonly<Record<string, unknown>>): Promise<RunningGateway> {
    const site = await DaemonFolder.make();
    const signer = await openSigner({ uri: site.keyUri, algorithm: 'ES256K', timeout: 1_000 });
    await signer.close();
    const config = await loadDaemonConfig(site.configure({ health: { interval: '0s' }, ...sections }));
    const one = new RunningGateway(
      site,
      (self, onReady) =>
        new Gateway(config, {
          log: self.log,
          notify: (state) => self.told.push(state) > 0,
          env: {},
          farewellMs: 0,
          observer: {
            onReady: (status) => {
              self.status = status;
              onReady();
            },
            onSealed: ({ message }) => {
              const { proof, readings } = verifyProof(message, signer.publicKey);
              self.readings.push(...readings);
              self.losses.push(...proof.payload.losses);
            },
          },
        }),
    );
    await Promise.race([one.ready, one.#running]);
    return one;
  }

  reload(sections: Readonly<Record<string, unknown>>): Promise<boolean> {
    const file = this.site.configure({ health: { interval: '0s' }, ...sections });
    return this.#gateway.reload(() => loadDaemonConfig(file));
  }

  /** The receiver's own times of a source's fixes, in the order in which they were sealed. */
  times(source: string): number[] {
    return this.readings.flatMap((one) =>
      one.source === source && one.kind === 'gnss.fix' && one.fields.time !== undefined ? [one.fields.time] : [],
    );
  }

  async sealed(source: string, count: number): Promise<void> {
    await expect.poll(() => this.times(source).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.site.remove();
  }
}

const port = (source: string, path = paths[0]) => ({ source, path, profile: 'gnss/generic-nmea' });
const phrases = ({ lines }: { lines: { phrase: string }[] }, phrase: string) =>
  lines.filter((line) => line.phrase === phrase).length;

describe('a reload', () => {
  it('takes a new port, lets an old one go, and neither loses nor repeats a reading of the one that stays', async () => {
    const gateway = await RunningGateway.start({ ports: [port('stays'), port('goes', paths[1])] });
    await gateway.sealed('stays', 5);
    await gateway.sealed('goes', 2);
    expect(await gateway.reload({ ports: [port('stays'), port('comes', paths[1])] })).toBe(true);
    await gateway.sealed('comes', 2);
    expect(gateway.status().sources.map(({ source }) => source)).toEqual(['stays', 'comes']);
    const before = gateway.times('stays').length;
    await gateway.sealed('stays', before + 3);
    await gateway.stop();
    const times = gateway.times('stays');
    const steps = new Set(times.slice(1).map((time, index) => time - (times[index] ?? 0)));
    expect([...steps]).toEqual([200]);
    expect(phrases(gateway.log, 'port is read')).toBe(3);
    expect(gateway.told).toContainEqual(expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/));
    expect(gateway.told.filter((one) => one === 'READY=1').length).toBe(2);
  });

  it('moves the link, the status server and the privacy zones while readings go on', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const gateway = await RunningGateway.start({ ports: [port('gnss')] });
    await gateway.sealed('gnss', 2);
    const everywhere = { name: 'everywhere', circle: { lat: 47.3769, lon: 8.5417, radius: 10_000 } };
    const mqtt = { url: 'mqtt://127.0.0.1:7', reconnect: { min: '50ms', max: '100ms' } };
    const health = { interval: '0s', listen };
    expect(await gateway.reload({ ports: [port('gnss')], mqtt, health, privacy: { zones: [everywhere] } })).toBe(true);
    expect((await fetch(`http://${listen}/healthz`)).status).toBe(200);
    const hidden = () =>
      gateway.losses.reduce((sum, { reason, count }) => sum + (reason === 'privacy-zone' ? count : 0), 0);
    expect(hidden()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await gateway.reload({ ports: [port('gnss')] })).toBe(true);
    await expect.poll(hidden, { timeout: 10_000 }).toBeGreaterThan(2);
    await expect(fetch(`http://${listen}/healthz`)).rejects.toThrow();
    const before = gateway.times('gnss').length;
    await gateway.sealed('gnss', before + 2);
    await gateway.stop();
  });
});

describe('a configuration that is refused leaves the old one in force:', () => {
  let gateway: RunningGateway;
  let taken: ReturnType<typeof createServer>;
  beforeEach(async () => {
    gateway = await RunningGateway.start({ ports: [port('gnss')] });
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterEach(async () => {
    taken.close();
    await gateway.stop();
  });
  const takenPort = (): number => {
    const address = taken.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  it.each<[string, string, () => Record<string, unknown>]>([
    ['an unknown key', 'CONFIG_UNKNOWN_KEY', () => ({ prots: [] })],
    ['an unknown profile', 'PROFILE_NOT_FOUND', () => ({ ports: [{ ...port('gnss'), profile: 'gnss/none' }] })],
    ['a missing verifier key', 'FILE_NOT_READABLE', () => ({ verifier: { publicKeyFile: 'none.json' } })],
    [
      'a missing password file',
      'FILE_NOT_READABLE',
      () => ({ mqtt: { url: 'mqtt://127.0.0.1:9', username: 'a', passwordFile: 'none' } }),
    ],
    [
      'a missing zone',
      'FILE_NOT_READABLE',
      () => ({ privacy: { zones: [{ name: 'home', geojson: 'none.geojson' }] } }),
    ],
    ['another outbox', 'RESTART_NEEDED', () => ({ outbox: { directory: 'elsewhere' } })],
    ['another key', 'KEY_NOT_FOUND', () => ({ signer: { uri: 'file:other.key', algorithm: 'ES256K' } })],
    [
      'an address that is taken',
      'LISTEN_FAILED',
      () => ({ health: { interval: '0s', listen: `127.0.0.1:${takenPort()}` } }),
    ],
    [
      'another key, with everything else changed too',
      'KEY_NOT_FOUND',
      () => ({
        signer: { uri: 'file:other.key', algorithm: 'ES256K' },
        health: { interval: '0s', listen: '127.0.0.1:0' },
        privacy: { zones: [{ name: 'everywhere', circle: { lat: 47.3769, lon: 8.5417, radius: 10_000 } }] },
      }),
    ],
    [
      'a folder for evidence that cannot be',
      'FILE_NOT_WRITABLE',
      () => ({ ports: [{ ...port('gnss'), evidence: { directory: 'fieldseal.yaml/evidence' } }] }),
    ],
  ])('%s is %s', async (_what, code, sections) => {
    expect(await gateway.reload({ ports: [port('gnss')], ...sections() })).toBe(false);
    const refusals = gateway.log.lines.filter(({ phrase }) => phrase.startsWith('the new configuration is refused'));
    expect(refusals.map(({ level, fields }) => [level, fields])).toEqual([
      ['error', expect.objectContaining({ code, remedy: expect.any(String) })],
    ]);
    expect(gateway.told.findLast((one) => one.startsWith('STATUS='))).toContain(
      `the new configuration is refused: ${code}`,
    );
    const before = gateway.times('gnss').length;
    await gateway.sealed('gnss', before + 2);
    expect(phrases(gateway.log, 'port is read')).toBe(1);
  });
});
