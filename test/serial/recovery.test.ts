import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../daemon/serial/index.ts';
import { afterwards, device, folder, supervise } from './bench.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const handles = (): number => readdirSync('/proc/self/fd').length;

describe('a port whose device is unplugged', () => {
  it('is opened again a hundred times and loses nothing but what was on the wire', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, timing: { backoffMinMs: 500, backoffMaxMs: 500 } });
    const round = async (index: number): Promise<void> => {
      await port.untilOpened(index + 1);
      // The hang-up follows right behind the last bytes: the case that serialport's own stream never recovers from.
      for (let line = 0; line < 5; line++) wire.write(Buffer.from(`${index}.${line}\n`));
      await port.until(() => port.text.endsWith(`${index}.4\n`));
      wire.unplug();
      await port.untilState('unplugged');
      wire.plug();
    };
    for (let index = 0; index < 10; index++) await round(index);
    const handlesBefore = handles();
    const began = process.cpuUsage();
    for (let index = 10; index < 100; index++) await round(index);
    const { user, system } = process.cpuUsage(began);
    await port.untilOpened(101);

    const expected = Array.from({ length: 500 }, (_, n) => `${Math.floor(n / 5)}.${n % 5}\n`).join('');
    expect(port.text).toBe(expected);
    expect(port.supervisor.stats.reopens).toEqual({ hangup: 100, vanished: 0, failed: 0, stalled: 0, garbled: 0 });
    expect(handles() - handlesBefore).toBeLessThanOrEqual(2);
    expect((user + system) / 1_000 / 90, 'CPU ms a round').toBeLessThan(50);
  });

  it('does not hold on to memory as it is reopened', async () => {
    const wire = device();
    const port = supervise({ path: wire.path });
    const rounds = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) {
        await port.untilOpened(index + 1);
        wire.write(Buffer.from('x\n'));
        await port.untilState('running');
        wire.unplug();
        await port.untilState('unplugged');
        wire.plug();
      }
    };
    await rounds(0, 100);
    const before = memoryInUse();
    await rounds(100, 500);
    // serialport's poller itself leaks about half a kilobyte an opening (measured); what is ours leaks nothing.
    expect((memoryInUse() - before) / 400, 'bytes an opening').toBeLessThan(4_000);
  });

  it('waits longer and longer for a device that never makes sense', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, random: () => 1, timing: { backoffMinMs: 30, backoffMaxMs: 120 } });
    const opened: number[] = [];
    for (let index = 0; index < 4; index++) {
      await port.untilOpened(index + 1);
      opened.push(performance.now());
      wire.unplug();
      await port.untilState('unplugged');
      wire.plug();
    }
    const waits = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
    for (const [index, least] of [30, 60, 120].entries()) expect(waits[index]).toBeGreaterThanOrEqual(least - 2);
  });

  it('is noticed although no hang-up comes, when the path names another device by then', async () => {
    const [old, fresh] = [device(), device()];
    const path = join(folder(), 'receiver');
    symlinkSync(old.path, path);
    const port = supervise({ path, silenceMs: 80 });
    await port.untilOpened(1);
    old.write(Buffer.from('a\n'));
    await port.untilState('running');
    rmSync(path);
    symlinkSync(fresh.path, path);
    await port.untilOpened(2);
    expect(port.supervisor.stats.reopens.vanished).toBe(1);
    fresh.write(Buffer.from('b\n'));
    await port.until(() => port.text === 'a\nb\n');
  });
});

describe('a port without valid frames', () => {
  it('is stalled when no byte comes, is opened anew, and runs again with the next frame', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, silenceMs: 60 });
    await port.untilOpened(1);
    wire.write(Buffer.from('a\n'));
    await port.untilState('running');
    await port.untilState('stalled');
    await port.untilOpened(2);
    expect(port.state).toBe('stalled');
    wire.write(Buffer.from('b\n'));
    await port.untilState('running');
    expect(port.text).toBe('a\nb\n');
    expect(port.supervisor.stats.reopens.stalled).toBe(1);
    expect(port.states).toEqual(['opening', 'running', 'stalled', 'running']);
  });

  it('is opened anew less and less often while it stays silent', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, silenceMs: 20 });
    const opened: number[] = [];
    for (let opens = 1; opens <= 5; opens++) {
      await port.untilOpened(opens);
      opened.push(performance.now());
    }
    const waits = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
    // An opening is seen when the event loop comes to it: on a laden machine late, and the next wait looks the shorter.
    for (const [index, least] of [20, 40, 80, 160].entries()) expect(waits[index]).toBeGreaterThan(least / 2);
    expect(port.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('is garbled when bytes come that make no frame', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, silenceMs: 80 });
    await port.untilOpened(1);
    wire.write(Buffer.from('\x80\xfe\x00\x80', 'latin1'));
    await port.untilState('garbled');
    expect(port.states).toEqual(['opening', 'garbled']);
    const [warning] = port.lines.filter(({ level }) => level === 'warn');
    expect(warning).toMatchObject({
      phrase: 'no valid messages from the port',
      fields: { state: 'garbled', frames: 0 },
    });
  });

  it('looks for the baud rate, and begins with the one that worked when it is opened again', async () => {
    const wire = device();
    const rates = [38_400, 115_200, 9_600];
    const port = supervise({ path: wire.path, baudRates: rates, silenceMs: 500 });
    // A pseudo-terminal carries any rate, so the frames count only at the device's own.
    let deviceRate = 9_600;
    const tried = new Set<number>();
    port.frames = () => {
      tried.add(port.supervisor.stats.baudRate);
      return port.supervisor.stats.baudRate === deviceRate ? 1 : 0;
    };
    const talk = setInterval(() => wire.write(Buffer.from('bytes')), 10);
    afterwards(() => clearInterval(talk));
    await port.untilState('running');
    expect(port.supervisor.stats.baudRate).toBe(9_600);
    expect([...tried]).toEqual(rates);
    expect(port.supervisor.stats.opens).toBe(1);

    wire.unplug();
    await port.untilState('unplugged');
    tried.clear();
    wire.plug();
    await port.untilState('running');
    expect([...tried]).toEqual([9_600]);

    deviceRate = 38_400; // As after the device has lost its settings.
    await port.untilState('garbled');
    await port.untilState('running');
    expect(port.supervisor.stats.baudRate).toBe(38_400);
  });
});

describe('a driver that does not know a baud rate', () => {
  it('does not keep the other rates from being tried', async () => {
    // No real driver here refuses a rate: this one does, as the binding reports it.
    const refusal = new Error('Error: Invalid argument || while setting custom baud rate of 2');
    const opened: number[] = [];
    let rate = 0;
    const set = async (baudRate: number): Promise<void> => {
      if (baudRate === 2) throw refusal;
      rate = baudRate;
    };
    const transport: Transport = {
      hasBaudRate: true,
      canWait: false,
      outlastsSilence: false,
      open: async (baudRate) => {
        opened.push(baudRate);
        await set(baudRate);
        let talk: NodeJS.Timeout | undefined;
        return {
          start: ({ onBytes }) => {
            talk = setInterval(() => onBytes(Buffer.from(rate === 3 ? 'a\n' : 'noise')), 5);
          },
          setBaudRate: set,
          write: async () => {},
          isPresent: async () => true,
          close: async () => clearInterval(talk),
        };
      },
      changed: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    };
    const port = supervise({ path: '/dev/fake', baudRates: [1, 2, 3], transport });
    await port.untilState('running');
    expect(port.supervisor.stats.baudRate).toBe(3);
    expect(opened).toEqual([1, 2, 3]);
    expect(port.errors.map(({ code }) => code)).toEqual(['PORT_FAILED']);
  });
});
