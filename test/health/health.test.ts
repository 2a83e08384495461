import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHostHealth, readSupply, SystemdNotifier } from '../../daemon/health/index.ts';
import { checkRanges } from '../../daemon/readings/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-health-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('host health', () => {
  it('reads this host, within the bounds of its kind', async () => {
    const fields = await readHostHealth(folder);
    expect(checkRanges('host.health', fields)).toEqual([]);
    expect(fields.memoryAvailable).toBeGreaterThan(0);
    expect(fields.memoryAvailable).toBeLessThanOrEqual(fields.memoryTotal ?? 0);
    expect(fields.diskAvailable).toBeLessThanOrEqual(fields.diskTotal ?? 0);
  });

  it.each([
    ['0\n', { underVoltage: 0, throttled: 0 }],
    ['50005\n', { underVoltage: 1, throttled: 1 }],
    ['50000\n', { underVoltage: 0, throttled: 0 }],
    ['4\n', { underVoltage: 0, throttled: 1 }],
    ['what\n', {}],
  ])('reads the supply flags %j', async (text, expected) => {
    const file = join(folder, 'get_throttled');
    await writeFile(file, text);
    expect(await readSupply(file)).toEqual(expected);
  });

  it('says nothing of the supply where the host does not tell', async () => {
    expect(await readSupply(join(folder, 'absent'))).toEqual({});
  });
});

describe('SystemdNotifier', () => {
  const notifierFor = (environment: Record<string, string>, sent: string[] = []) => ({
    sent,
    notifier: new SystemdNotifier((state) => sent.push(state) > 0, environment),
  });

  it('speaks the notify protocol, one line a status', () => {
    const { notifier, sent } = notifierFor({});
    notifier.ready();
    notifier.status('2 ports\nrunning');
    notifier.stopping();
    expect(sent).toEqual(['READY=1', 'STATUS=2 ports running', 'STOPPING=1']);
  });

  it('feeds the watchdog only while there is progress', async () => {
    const stop = new AbortController();
    const { notifier, sent } = notifierFor({ WATCHDOG_USEC: '2000' });
    let asked = 0;
    await notifier.run(stop.signal, () => {
      asked += 1;
      if (asked === 6) stop.abort();
      return asked % 2 === 0;
    });
    expect(sent).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  });

  it('leaves the watchdog alone that is not its own', async () => {
    const { notifier, sent } = notifierFor({ WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' });
    await notifier.run(new AbortController().signal, () => true);
    expect(sent).toEqual([]);
  });
});
