import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createServiceLog } from '../daemon/log.ts';
import { type LeftOut, Repeats } from '../daemon/repeats.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 20) });
});
afterEach(() => {
  vi.useRealTimers();
});

const HOUR = 3_600_000;

describe('repeats', () => {
  it('are told as they come, then ever more rarely, and none goes uncounted', () => {
    const told: (LeftOut | undefined)[] = [];
    const repeats = new Repeats();
    for (let second = 0; second < 2 * 3_600; second += 1) {
      repeats.pass('loose plug', (leftOut) => told.push(leftOut));
      vi.advanceTimersByTime(1_000);
    }
    repeats.flush();
    expect(told.slice(0, 5)).toEqual(Array(5).fill(undefined));
    expect(told.length).toBeLessThan(16);
    expect(told.reduce((sum, leftOut) => sum + 1 + (leftOut?.repeats ?? 0), 0)).toBe(7_200);
  });

  it('tell how it ended, though nothing follows', () => {
    const told: string[] = [];
    const repeats = new Repeats();
    for (let flap = 0; flap < 10; flap += 1) {
      repeats.pass('unplugged', () => told.push(`unplugged ${flap}`));
      repeats.pass('read', () => told.push(`read ${flap}`));
    }
    expect(told.at(-1)).toBe('read 4');
    vi.advanceTimersByTime(61_000);
    expect(told.slice(-2)).toEqual(['unplugged 9', 'read 9']);
  });

  it('are new after an hour of peace, and after the clock was set back', () => {
    const told: unknown[] = [];
    const repeats = new Repeats();
    const burst = (): void => {
      for (let time = 0; time < 6; time += 1) repeats.pass('kind', (leftOut) => told.push(leftOut));
    };
    burst();
    expect(told.length).toBe(5);
    vi.advanceTimersByTime(2 * HOUR);
    burst();
    expect(told.length).toBe(11);
    vi.setSystemTime(Date.UTC(2020, 0));
    burst();
    expect(told.length).toBe(17);
  });
});

describe('the log of a service', () => {
  const logged = (lines: string[]) => lines.map((line) => JSON.parse(line));

  it('counts repeats by place, phrase and code, and lets all debug lines pass', () => {
    const lines: string[] = [];
    const { log, flush } = createServiceLog('debug', { write: (line) => lines.push(line) });
    const port = log.child({ room: 'serial', source: 'gnss' });
    const other = log.child({ room: 'serial', source: 'lora' });
    for (let time = 0; time < 100; time += 1) {
      port.warn({ code: 'PORT_BUSY', time }, 'port cannot be opened; still trying');
      port.debug({ time }, 'port state');
    }
    port.warn({ code: 'PORT_DENIED' }, 'port cannot be opened; still trying');
    other.warn({ code: 'PORT_BUSY' }, 'port cannot be opened; still trying');
    flush();
    const warnings = logged(lines).filter(({ level }) => level === 40);
    expect(warnings.length).toBe(5 + 1 + 1 + 1);
    expect(warnings.at(-1)).toMatchObject({ source: 'gnss', code: 'PORT_BUSY', time: 99, repeats: 94 });
    expect(logged(lines).filter(({ level }) => level === 20).length).toBe(100);
  });

  it('follows a level that is set later, in its children too', () => {
    const lines: string[] = [];
    const { log, setLevel } = createServiceLog('warn', { write: (line) => lines.push(line) });
    const child = log.child({ room: 'uplink' });
    child.info({}, 'a');
    setLevel('info');
    child.info({}, 'b');
    child.debug({}, 'c');
    setLevel('silent');
    child.error({}, 'd');
    expect(logged(lines).map(({ msg, room }) => [room, msg])).toEqual([['uplink', 'b']]);
  });
});
