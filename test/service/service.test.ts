import { once } from 'node:events';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../daemon/signing/index.ts';
import { Track, VirtualDevice } from '../../daemon/simulator/index.ts';
import { compileTokenTool } from '../support/compile-token.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { createFaultyToken, type FaultyToken } from '../support/faulty-token.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { NotifySocket } from '../support/notify-socket.ts';
import { type Environment, ServiceProcess } from '../support/program.ts';

/** The issue's: SIGTERM seals and stops within ten seconds. */
const STOP_LIMIT_MS = 10_000;

const unplug = new AbortController();
let driving: Promise<void>;
let devicePath: string;
let site: DaemonFolder;
let systemd: NotifySocket;
let service: ServiceProcess | undefined;

beforeAll(() => {
  const track = new Track({ start: Date.now(), seed: 3 });
  const device = new VirtualDevice({ model: 'nmea', rateHz: 5, baudRate: 115_200, track });
  devicePath = device.open();
  driving = device.run(unplug.signal);
});
afterAll(async () => {
  unplug.abort();
  await driving;
});
beforeEach(async () => {
  site = await DaemonFolder.make();
  systemd = await NotifySocket.bind(site.path('notify'));
});
afterEach(async () => {
  if (service?.hasEnded === false) await service.kill();
  systemd.close();
  site.remove();
});

const gnss = () => ({ source: 'gnss', path: devicePath, profile: 'gnss/generic-nmea' });

function start(sections: Readonly<Record<string, unknown>>, env: Environment = {}): ServiceProcess {
  const config = site.configure({ ports: [gnss()], ...sections });
  service = new ServiceProcess(['run', '--config', config], { env: { NOTIFY_SOCKET: systemd.path, ...env } });
  return service;
}

async function stopsInTime(running: ServiceProcess): Promise<void> {
  const asked = performance.now();
  const code = await running.stop();
  expect(performance.now() - asked).toBeLessThan(STOP_LIMIT_MS);
  // Killed by its own signal where something held the process up.
  expect([0, 'SIGTERM']).toContain(code);
}

const isStatus = (one: string): boolean => one.startsWith('STATUS=');

describe('a service under systemd', () => {
  it('is ready when a port is open, says how it is, feeds the watchdog, reloads, and says that it stops', async () => {
    const running = start({}, { WATCHDOG_USEC: '1000000' });
    await systemd.hears((told) => told.includes('READY=1') && told.filter((one) => one === 'WATCHDOG=1').length > 2);
    expect(systemd.told.find(isStatus)).toMatch(/^STATUS=gnss \w+; \d+ proofs wait; broker away/);
    running.signal('SIGHUP');
    await running.logged('configuration reloaded');
    await systemd.hears((told) => told.filter((one) => one === 'READY=1').length === 2);
    const [reloading, ready] = [
      systemd.told.findIndex((one) => one.startsWith('RELOADING=1\n')),
      systemd.told.lastIndexOf('READY=1'),
    ];
    expect(reloading).toBeGreaterThan(-1);
    expect(ready).toBeGreaterThan(reloading);
    await stopsInTime(running);
    expect(systemd.told).toContain('STOPPING=1');
  });

  it('is not ready while its device is missing, and is when it is plugged in', async () => {
    const path = site.path('ttyUSB0');
    const running = start({ ports: [{ ...gnss(), path }] });
    await running.logged('port cannot be opened; still trying');
    expect(systemd.count('READY=1')).toBe(0);
    symlinkSync(devicePath, path);
    await systemd.hears((told) => told.includes('READY=1'));
    await stopsInTime(running);
  });

  it('keeps its configuration on a SIGHUP with a broken one, and says so', async () => {
    const running = start({});
    await systemd.hears((told) => told.includes('READY=1'));
    site.write('fieldseal.yaml', 'signer: [');
    running.signal('SIGHUP');
    const line = await running.logged('the new configuration is refused; the old one stays');
    expect(line).toMatchObject({ level: 50, code: 'CONFIG_SYNTAX' });
    await systemd.hears((told) => told.some((one) => isStatus(one) && one.includes('CONFIG_SYNTAX')));
    await stopsInTime(running);
  });
});

describe('SIGTERM ends it within ten seconds', () => {
  it('with a broker that takes the connection and never answers', async () => {
    const sockets = new Set<Socket>();
    const hole = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    const address = hole.address();
    if (address === null || typeof address === 'string') throw new Error('a port was asked for');
    const running = start({ mqtt: { url: `mqtt://127.0.0.1:${address.port}` } });
    await once(hole, 'connection');
    await systemd.hears((told) => told.includes('READY=1'));
    await stopsInTime(running);
    for (const socket of sockets) socket.destroy();
    hole.close();
  });

  it('with a broker that falls silent', async () => {
    const broker = await Mosquitto.start();
    const running = start({ mqtt: { url: broker.url } });
    await running.logged('broker connected');
    broker.freeze();
    await stopsInTime(running);
    broker.thaw();
    await broker.dispose();
  });

  describe('with a token', () => {
    let token: FaultyToken;
    beforeAll(async () => {
      token = await createFaultyToken();
      await createKey(token.uri, 'ES256K', 5_000);
    });
    afterAll(() => token.remove());

    it('that hangs while it signs', async () => {
      const running = start({ signer: { uri: token.uri, algorithm: 'ES256K', timeout: '30s' } }, token.env);
      await systemd.hears((told) => told.includes('READY=1'));
      token.control('hang C_Sign');
      const before = token.calls('C_Sign');
      await expect.poll(() => token.calls('C_Sign'), { timeout: 10_000 }).toBeGreaterThan(before);
      await stopsInTime(running);
      token.control();
    });
  });

  describe('with a disk', () => {
    const hanging = (): Environment => ({ LD_PRELOAD: site.path('hanging.so'), HANGING_DISK: site.path('hangs') });
    beforeEach(() => compileTokenTool('service/hanging-disk.c', site.path('hanging.so'), 'library'));

    it('that blocks; and meanwhile the watchdog is not fed', async () => {
      const running = start(
        { signer: { uri: site.keyUri, algorithm: 'ES256K', timeout: '100ms' } },
        { ...hanging(), WATCHDOG_USEC: '1000000' },
      );
      await systemd.hears((told) => told.filter((one) => one === 'WATCHDOG=1').length > 2);
      writeFileSync(site.path('hangs'), '');
      const line = await running.logged('a room hangs; the watchdog is not fed');
      expect(line).toMatchObject({ level: 50, hangs: 'sealing' });
      const fed = systemd.count('WATCHDOG=1');
      await new Promise((resolve) => setTimeout(resolve, 1_600));
      expect(systemd.count('WATCHDOG=1')).toBe(fed);
      await stopsInTime(running);
      rmSync(site.path('hangs'));
    });

    it('that blocks for a while, after which the watchdog is fed again', async () => {
      const running = start(
        { signer: { uri: site.keyUri, algorithm: 'ES256K', timeout: '100ms' } },
        { ...hanging(), WATCHDOG_USEC: '1000000' },
      );
      await systemd.hears((told) => told.includes('WATCHDOG=1'));
      writeFileSync(site.path('hangs'), '');
      await running.logged('a room hangs; the watchdog is not fed');
      const fed = systemd.count('WATCHDOG=1');
      rmSync(site.path('hangs'));
      await running.logged('the room gets on again');
      await systemd.hears((told) => told.filter((one) => one === 'WATCHDOG=1').length > fed);
      await stopsInTime(running);
    });
  });
});
