import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../daemon/readings/index.ts';
import { Track, VirtualDevice, type VirtualDeviceOptions } from '../../daemon/simulator/index.ts';
import { afterwards } from '../serial/bench.ts';
import { PortUnderTest } from '../serial/harness.ts';
import { createDecoder } from '../support/decoders.ts';

const START = Date.UTC(2026, 4, 1, 12);

function start(options: Partial<VirtualDeviceOptions>): VirtualDevice {
  const track = new Track({ start: START, seed: 1 });
  const device = new VirtualDevice({ model: 'nmea', rateHz: 20, track, baudRate: 921_600, ...options });
  const stop = new AbortController();
  const running = device.run(stop.signal);
  afterwards(() => {
    stop.abort();
    return running;
  });
  return device;
}

/** A supervised port whose frames are the decoder's. */
function read(path: string): PortUnderTest {
  const port = new PortUnderTest({ path, baudRates: [115_200] });
  const decoder = createDecoder({ name: 'gnss' }, { referenceTime: START });
  const total = () => Object.values(decoder?.stats.frames ?? {}).reduce((sum, count) => sum + count, 0);
  port.frames = (chunk) => {
    const before = total();
    decoder?.push(chunk, START);
    return total() - before;
  };
  afterwards(() => port.stop());
  return port.start();
}

describe('a virtual device', () => {
  it('is there before it runs, and gone with its port after', async () => {
    const track = new Track({ start: START, seed: 1 });
    const device = new VirtualDevice({ model: 'ublox', rateHz: 10, track, baudRate: 115_200, name: 'receiver' });
    const path = device.open();
    expect(path).toMatch(/\/receiver$/);
    const stop = new AbortController();
    const running = device.run(stop.signal);
    expect(device.path).toBe(path);
    stop.abort();
    await running;
    expect(existsSync(path)).toBe(false);
  });

  it.each(['nmea', 'ublox'] as const)('is read as a real %s receiver is', async (model) => {
    const device = start({ model });
    const port = read(device.path);
    await port.until(() => port.supervisor.stats.frames > 100);
    expect(port.states).toEqual(['opening', 'running']);
    const { bytes, epochs, dropped } = device.stats;
    expect(epochs).toBeGreaterThan(5);
    expect(bytes).toBeGreaterThanOrEqual(port.supervisor.stats.bytes);
    expect(dropped).toBe(0);
  });

  it('gives one fix an epoch, each with all that its sentences say, when the line is quiet between', async () => {
    const device = start({ model: 'nmea', rateHz: 4, baudRate: 57_600 });
    const port = new PortUnderTest({ path: device.path, timing: { quietMs: 50 } });
    const decoder = createDecoder({ name: 'gnss' }, { referenceTime: START });
    const fixes: Observation[] = [];
    const keep = (observations: Observation[] = []) => {
      fixes.push(...observations.filter(({ kind }) => kind === 'gnss.fix'));
    };
    port.frames = (chunk) => {
      keep(decoder?.push(chunk, START));
      return 1;
    };
    port.quiet = () => keep(decoder?.quiet(START));
    afterwards(() => port.stop());
    port.start();
    await port.until(() => fixes.length >= 6);
    // The port may have been opened in the middle of the first epoch.
    const whole = fixes.slice(1);
    const times = whole.map(({ fields }) => ('time' in fields ? fields.time : undefined));
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * 250));
    for (const { fields } of whole) {
      for (const name of ['lat', 'lon', 'altMSL', 'speed', 'track']) expect(fields).toHaveProperty(name);
    }
  });

  it('keeps its rate over time and does not pace faster than its line', async () => {
    const device = start({ rateHz: 50, baudRate: 9_600 });
    const began = performance.now();
    const fd = openSync(device.path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    afterwards(() => closeSync(fd));
    const buffer = Buffer.alloc(65_536);
    while (device.stats.epochs < 50) await new Promise((resolve) => setTimeout(resolve, 20));
    const seconds = (performance.now() - began) / 1_000;
    expect(seconds).toBeGreaterThan(0.97);
    expect(seconds).toBeLessThan(1.5);
    expect(device.stats.bytes).toBeGreaterThan(900 * (seconds - 0.1));
    expect(device.stats.bytes).toBeLessThan(980 * (seconds + 0.1));
    // Twenty kilobytes a second don't fit: the receiver's own buffer overflows.
    expect(device.stats.dropped).toBeGreaterThan(1_000);
    expect(readSync(fd, buffer)).toBeGreaterThan(0);
  });

  it('does not wait for a reader, nor pile up for one', async () => {
    const device = start({ model: 'ublox', rateHz: 200 });
    while (device.stats.dropped < 20_000) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(device.stats.epochs).toBeGreaterThan(50);
    const fd = openSync(device.path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    afterwards(() => closeSync(fd));
    expect(readSync(fd, Buffer.alloc(1_000))).toBeGreaterThan(0);
  });

  it('is unplugged and plugged in again under the same path, and the supervisor follows', async () => {
    const device = start({ faults: { seed: 1, unplug: { every: 5, epochs: 2 } } });
    const port = read(device.path);
    await port.until(() => port.supervisor.stats.reopens.hangup >= 3 && port.state === 'running');
    expect(port.states.filter((state) => state === 'unplugged').length).toBeGreaterThanOrEqual(3);
  });

  it('brings garbage, flipped and lost bytes, and half messages without stopping the reader', async () => {
    const faults = { seed: 2, flip: 0.002, drop: 0.002, garbage: 0.5, half: 0.1, halfSilence: 1 };
    const device = start({ model: 'ublox', rateHz: 50, faults });
    const port = read(device.path);
    await port.until(() => port.supervisor.stats.frames > 150);
    expect(port.state).toBe('running');
  });
});
