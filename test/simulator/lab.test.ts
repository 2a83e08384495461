import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lineFaults, parseFaults } from '../../daemon/simulator/fault-spec.ts';
import { driveAlong } from '../../daemon/simulator/geojson.ts';
import { LoraAir } from '../../daemon/simulator/lora-air.ts';
import { PacketForwarder } from '../../daemon/simulator/packet-forwarder.ts';
import { PluggedDevice, type PluggedDeviceOptions } from '../../daemon/simulator/plugged-device.ts';
import { chunksOf, Recording } from '../../daemon/simulator/recording.ts';
import { Route } from '../../daemon/simulator/route.ts';
import { scenarioSchema } from '../../daemon/simulator/scenario.ts';
import { VirtualPort } from '../../daemon/simulator/virtual-port.ts';
import { afterwards } from '../serial/bench.ts';
import { PortUnderTest } from '../serial/harness.ts';
import { createDecoder } from '../support/decoders.ts';
import { START } from './conversation.ts';

const LINE = Buffer.from(`${'x'.repeat(99)}\n`);
const talker = { periodMs: 20, epoch: () => LINE };

function plugged(options: Partial<PluggedDeviceOptions>): { device: PluggedDevice; stop: () => Promise<void> } {
  const device = new PluggedDevice({ device: talker, name: 'device', ...options });
  const signal = new AbortController();
  device.open();
  const playing = device.play(signal.signal);
  const stop = () => {
    signal.abort();
    return playing;
  };
  afterwards(async () => {
    await stop();
    device.close();
  });
  return { device, stop };
}

function readPort(path: string, options: object = {}): PortUnderTest {
  const port = new PortUnderTest({ path, ...options });
  afterwards(() => port.stop());
  return port.start();
}

describe('a device on its line', () => {
  it('accounts for each byte, read or on the wire when the plug was pulled', async () => {
    const faults = { seed: 1, unplug: { every: 15, epochs: 5 }, renumber: true };
    const { device, stop } = plugged({ faults, waitsForOpener: true });
    const port = readPort(device.path);
    await port.until(() => port.supervisor.stats.reopens.hangup >= 5 && port.state === 'running');
    await stop();
    device.close();
    await port.until(() => port.state === 'unplugged');
    const { bytes, unread, unplugs } = device.stats;
    expect(unplugs).toBeGreaterThanOrEqual(5);
    expect(port.supervisor.stats.bytes + unread).toBe(bytes);
    expect(bytes).toBeGreaterThan(5_000);
  });

  it('waits for somebody to open it, where it is told to', async () => {
    const { device } = plugged({ waitsForOpener: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(device.stats.bytes).toBe(0);
    const port = readPort(device.path);
    await port.until(() => port.supervisor.stats.frames > 3);
  });

  it('is garbled until its port is set to its speed', async () => {
    const { device } = plugged({ faults: { seed: 1, wrongBaud: 115_200 } });
    const port = readPort(device.path, {
      baudRates: [9_600, 115_200, 19_200],
      silenceMs: 400,
      timing: { trialMs: 1_000 },
    });
    port.frames = (chunk) => (Buffer.from(chunk).includes('xxxxx') ? 1 : 0);
    await port.until(() => port.supervisor.stats.frames > 3);
    expect(port.supervisor.stats.baudRate).toBe(115_200);
  });

  it('is silent once it has been told to stop, and its port stays until it is closed', async () => {
    const heard: string[] = [];
    const answer = (bytes: Uint8Array) => {
      heard.push(String(bytes));
      return bytes;
    };
    const { device, stop } = plugged({ device: { ...talker, answer } });
    await stop();
    const { bytes } = device.stats;
    const fd = openSync(device.path, constants.O_WRONLY | constants.O_NOCTTY);
    afterwards(() => closeSync(fd));
    writeFileSync(fd, 'AT');
    await expect.poll(() => device.stats.heard).toBe(2);
    expect(heard).toEqual([]);
    expect(device.stats.bytes).toBe(bytes);
    expect(existsSync(device.path)).toBe(true);
  });
});

describe('a virtual port', () => {
  it('has its link where it was asked for, and takes nothing that is no link away', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldseal-link-'));
    afterwards(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'gnss');
    const port = new VirtualPort(path);
    expect(port.open()).toBe(path);
    expect(readlinkSync(path)).toMatch(/^\/dev\/pts\/\d+$/);
    port.close();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'precious');
    expect(() => port.open()).toThrow(expect.objectContaining({ code: 'FILE_NOT_WRITABLE' }));
    expect(existsSync(path)).toBe(true);
    expect(() => new VirtualPort(join(folder, 'no', 'such')).open()).toThrow(
      expect.objectContaining({ code: 'FILE_NOT_WRITABLE' }),
    );
  });

  it('comes back under another number where it is asked to', () => {
    const port = new VirtualPort('device');
    afterwards(() => port.close());
    port.open();
    const before = port.node;
    port.unplug();
    const taken = new VirtualPort('other');
    afterwards(() => taken.close());
    port.plug(true);
    expect(port.node).not.toBe(before);
  });

  it('counts what lay on the wire when it was unplugged', () => {
    const port = new VirtualPort('device');
    afterwards(() => port.close());
    port.open();
    expect(port.write(Buffer.alloc(3_000))).toBe(3_000);
    port.unplug();
    expect(port.unread).toBe(3_000);
  });
});

describe('a recording', () => {
  it('is played at its pace, and again from its beginning', () => {
    const recording = new Recording([
      { ms: 500, bytes: Buffer.from('a') },
      { ms: 600, bytes: Buffer.from('b') },
    ]);
    const heard = Array.from({ length: 150 }, (_, index) => String(Buffer.from(recording.epoch(index * 20))));
    expect(heard.flatMap((text, index) => (text === '' ? [] : [`${index * 20} ${text}`]))).toEqual([
      '0 a',
      '100 b',
      '1100 a',
      '1200 b',
      '2200 a',
      '2300 b',
    ]);
  });

  it('without times comes as over a line of its speed', () => {
    const chunks = chunksOf(new Uint8Array(960), 9_600);
    expect(Math.round(chunks.at(-1)?.ms ?? 0)).toBe(990);
    expect(chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(960);
  });
});

describe('a packet forwarder', () => {
  it('sends what it hears, keeps its way back open, and answers a downlink', async () => {
    const gateway = createSocket('udp4');
    afterwards(() => gateway.close());
    gateway.bind(0, '127.0.0.1');
    await once(gateway, 'listening');
    const decoder = createDecoder(
      { name: 'semtech-udp' },
      {
        referenceTime: START,
        send: (bytes, peer = '') => {
          const [host, port] = peer.split(':');
          gateway.send(bytes, Number(port), host);
        },
      },
    );
    const kinds: string[] = [];
    gateway.on('message', (message, { address, port }) => {
      for (const { kind } of decoder?.push(message, START, `${address}:${port}`) ?? []) kinds.push(kind);
    });
    const air = new LoraAir({ seed: 1, nodes: 10, intervalMs: 1_000 });
    const forwarder = new PacketForwarder({ air, host: '127.0.0.1', port: gateway.address().port, seed: 1 });
    const stop = new AbortController();
    const running = forwarder.run(stop.signal);
    afterwards(() => {
      stop.abort();
      return running;
    });
    await expect.poll(() => kinds.filter((kind) => kind === 'lora.uplink').length).toBeGreaterThan(5);
    await expect.poll(() => forwarder.stats.pushAcks).toBeGreaterThan(2);
    expect(forwarder.stats.pullAcks).toBeGreaterThan(0);
    const payload = Uint8Array.of(1, 2, 3);
    const beacon = {
      payload,
      frequency: 868_100_000,
      spreadingFactor: 9,
      bandwidth: 125_000,
      codingRate: 5,
      power: 14,
    };
    expect(decoder?.transmit?.(beacon, START)).toBe(true);
    await expect.poll(() => kinds).toContain('lora.beacon');
    expect(forwarder.stats.downlinks).toBe(1);
  });
});

describe('faults by name', () => {
  it('are read, and spells become epochs', () => {
    const spec = parseFaults('flip=0.001,unplug=30/3,storm=10/0.5,deaf,baud=9600,jump=20/-7200');
    expect(spec).toEqual({
      flip: 0.001,
      unplug: { every: 30, for: 3 },
      storm: { every: 10, for: 0.5 },
      deaf: true,
      wrongBaud: 9_600,
      clock: { afterMs: 20_000, byMs: -7_200_000 },
    });
    expect(lineFaults(spec, 100, 7)).toEqual({
      seed: 7,
      flip: 0.001,
      deaf: true,
      wrongBaud: 9_600,
      unplug: { every: 300, epochs: 30 },
      storm: { every: 100, epochs: 5, copies: 10 },
    });
  });

  it.each(['flp=1', 'flip', 'flip=2', 'flip=x', 'unplug=30', 'unplug=0/3', 'deaf=1', 'baud=fast', 'jump=1', ''])(
    'refuses %j',
    (text) => {
      expect(() => parseFaults(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );
});

describe('a drive along a GeoJSON line', () => {
  const open = [
    [8.5, 47.3, 400],
    [8.51, 47.3],
    [8.51, 47.31],
  ];

  it.each([
    ['LineString', { type: 'LineString', coordinates: open }],
    ['Feature', { type: 'Feature', geometry: { type: 'LineString', coordinates: open } }],
    [
      'FeatureCollection',
      {
        type: 'FeatureCollection',
        features: [{ type: 'Feature', geometry: { type: 'LineString', coordinates: open } }],
      },
    ],
  ])('of a %s goes to and fro where it is open', (_name, geojson) => {
    const waypoints = driveAlong(geojson);
    expect(waypoints).toHaveLength(6);
    expect(waypoints[0]).toEqual({ lat: 47.3, lon: 8.5, altMSL: 400 });
    const route = new Route(waypoints, 20);
    expect(route.lapMs).toBeGreaterThan(180_000);
    for (let ms = 0; ms < route.lapMs; ms += 500) {
      const { east, north, speed } = route.at(ms);
      expect(Number.isFinite(east + north)).toBe(true);
      expect(speed).toBeLessThanOrEqual(20.1);
    }
  });

  it('of a closed line goes round', () => {
    const closed = [...open, open[0]];
    expect(driveAlong({ type: 'LineString', coordinates: closed })).toHaveLength(3);
  });

  it.each([
    [null],
    [{ type: 'Point', coordinates: [1, 2] }],
    [{ type: 'LineString', coordinates: [[1, 2]] }],
    [
      {
        type: 'LineString',
        coordinates: [
          [1, 2],
          [1, 2],
        ],
      },
    ],
    [
      {
        type: 'LineString',
        coordinates: [
          [1, 99],
          [1, 2],
        ],
      },
    ],
    [
      {
        type: 'LineString',
        coordinates: [
          ['a', 2],
          [1, 2],
        ],
      },
    ],
  ])('refuses %j', (geojson) => {
    expect(() => driveAlong(geojson)).toThrow(expect.objectContaining({ code: 'SCENARIO_INVALID' }));
  });
});

describe('a scenario', () => {
  it('fills in what it leaves out', () => {
    const { seed, devices } = scenarioSchema.parse({ devices: { gps: { model: 'ublox' }, air: { model: 'beast' } } });
    expect(seed).toBe(1);
    expect(devices['gps']).toMatchObject({ rate: 1, drive: { speed: 13.9 } });
    expect(devices['air']).toMatchObject({ aircraft: 3 });
  });

  it('of docs/simulator.md is a good one', () => {
    const page = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
    const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(page) ?? [];
    const { devices } = scenarioSchema.parse(parse(yaml));
    expect(Object.keys(devices)).toEqual(['gps', 'radio', 'forwarder', 'sky', 'modem', 'tape']);
  });

  it.each([
    [{}],
    [{ devices: {} }],
    [{ devices: { 'Not a name': { model: 'nmea' } } }],
    [{ devices: { a: { model: 'toaster' } } }],
    [{ devices: { a: { model: 'nmea', aircraft: 3 } } }],
    [{ devices: { a: { model: 'wio-e5', interval: 'often' } } }],
    [{ devices: { a: { model: 'packet-forwarder', to: 'nowhere' } } }],
  ])('is refused where it is %j', (scenario) => {
    expect(scenarioSchema.safeParse(scenario).success).toBe(false);
  });
});
