import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrivacyGuard, PrivacyZones } from '../../daemon/privacy/index.ts';
import type { Loss } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { keptLog } from '../support/kept-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const T0 = Date.UTC(2026, 10, 20, 17, 0, 30);
const second = (n: number): number => T0 + 1_000 * n;
/** West of the prime meridian is the zone. */
const west = new PrivacyZones([{ contains: (_lat, lon) => lon < 0 }]);
const WEST = -1_000;
const EAST = 1_000;

const fixAt = (n: number, lon: number | undefined, source = 'gnss', mode = 3): Reading => ({
  kind: 'gnss.fix',
  source,
  t: second(n),
  fields: { mode, ...(lon === undefined ? {} : { lat: 0, lon }), speed: 13_000 },
});

interface Setting {
  readonly guard: PrivacyGuard;
  readonly losses: Loss[];
  now: number;
  boot: Uint8Array;
  /** Runs until it has nothing to do, then ends it. */
  finish(): Promise<void>;
}

async function makeGuard(zones = west, at = 0, boot: Uint8Array = Uint8Array.of(1)): Promise<Setting> {
  const losses: Loss[] = [];
  const setting: Setting = {
    guard: new PrivacyGuard({
      zones,
      stateFile: join(folder, 'privacy.json'),
      now: () => setting.now,
      uptime: () => ({ bootId: setting.boot, sinceBootMs: setting.now - T0 }),
      onLoss: (loss) => losses.push(loss),
      log: keptLog(),
    }),
    losses,
    now: second(at),
    boot,
    finish: () => setting.guard.run(AbortSignal.abort()),
  };
  await setting.guard.open();
  return setting;
}

describe('without zones', () => {
  it('everything is recorded, and no file is made', async () => {
    const { guard, finish } = await makeGuard(new PrivacyZones([]));
    expect(guard.admits(fixAt(0, undefined))).toBe(true);
    expect(guard.hides(0, second(0))).toBe(false);
    await finish();
    expect(() => readFileSync(join(folder, 'privacy.json'))).toThrow('ENOENT');
  });
});

describe('a position', () => {
  it('is recorded outside a zone and not within', async () => {
    const { guard } = await makeGuard();
    expect([EAST, WEST, WEST, EAST].map((lon, n) => guard.admits(fixAt(n, lon)))).toEqual([true, false, false, true]);
  });

  it.each<[string, Reading]>([
    ['a fix without a position, which may have a speed', fixAt(2, undefined)],
    ['a position that the receiver remembers', fixAt(2, EAST, 'gnss', 1)],
  ])('that is lost within a zone: %s is not recorded until there is one outside', async (_, reading) => {
    const { guard } = await makeGuard();
    expect(guard.admits(fixAt(0, EAST))).toBe(true);
    expect(guard.admits(reading)).toBe(true);
    guard.admits(fixAt(1, WEST));
    expect(guard.admits(reading)).toBe(false);
    guard.admits(fixAt(3, EAST));
    expect(guard.admits(reading)).toBe(true);
  });

  it('is all that is held back: other readings have no place', async () => {
    const { guard } = await makeGuard();
    guard.admits(fixAt(1, WEST));
    expect(guard.admits({ kind: 'gnss.sky', source: 'gnss', t: second(1), fields: { nSat: 9 } })).toBe(true);
    const heard = { kind: 'adsb.position', source: 'air', t: second(1), fields: { icao: 0x4b1234, lat: 0, lon: WEST } };
    expect(guard.admits(heard as Reading)).toBe(true);
  });
});

describe('hidden is', () => {
  it('the time from the last fix outside to the next one', async () => {
    const { guard } = await makeGuard();
    for (const [n, lon] of [
      [0, EAST],
      [10, EAST],
      [12, WEST],
      [20, WEST],
      [22, EAST],
      [30, EAST],
    ] as const) {
      guard.admits(fixAt(n, lon));
    }
    const hidden = [5, 9, 10, 11, 21, 22, 23, 29].filter((n) => guard.hides(second(n), second(n)));
    expect(hidden).toEqual([10, 11, 21, 22]);
    expect(guard.hides(second(23), second(29))).toBe(false);
    expect(guard.hides(second(5), second(15))).toBe(true);
  });

  it('not known yet before there is a fix after it, for a while', async () => {
    const setting = await makeGuard();
    const { guard } = setting;
    guard.admits(fixAt(1, EAST));
    setting.now = second(3);
    expect(guard.hides(second(2), second(2))).toBe('not-known-yet');
    setting.now = second(18);
    expect(guard.hides(second(2), second(2))).toBe(false);
    setting.now = second(3);
    guard.admits(fixAt(3, WEST));
    expect(guard.hides(second(2), second(2))).toBe(true);
    guard.admits(fixAt(5, EAST));
    expect([guard.hides(second(0.5), second(0.9)), guard.hides(second(6), second(7))]).toEqual([true, false]);
  });

  it('not known yet, either, of what came while nothing ran', async () => {
    const first = await makeGuard();
    first.guard.admits(fixAt(1, EAST));
    await first.finish();
    const setting = await makeGuard(west, 1_000);
    expect(setting.guard.hides(second(500), second(500))).toBe('not-known-yet');
    setting.guard.admits(fixAt(1_001, EAST));
    expect(setting.guard.hides(second(500), second(500))).toBe(false);
  });

  it('everything after a fix that was lost within the zone', async () => {
    const { guard } = await makeGuard();
    guard.admits(fixAt(1, EAST));
    guard.admits(fixAt(2, WEST));
    guard.admits(fixAt(3, undefined));
    expect(guard.isHidden).toBe(true);
    expect(guard.hides(second(3_000), second(3_001))).toBe(true);
  });

  it('the time from the first start to the first fix, and nothing before it', async () => {
    const setting = await makeGuard();
    const { guard } = setting;
    setting.now = second(20);
    expect(guard.hides(second(-10), second(-1))).toBe(false);
    expect(guard.hides(second(0), second(1))).toBe(true);
    guard.admits(fixAt(2, EAST));
    expect(guard.hides(second(3), second(4))).toBe(false);
  });

  it('what any receiver calls so, but for one that has gone silent', async () => {
    const { guard } = await makeGuard();
    guard.admits(fixAt(0, EAST, 'a'));
    guard.admits(fixAt(1, WEST, 'b'));
    guard.admits(fixAt(2, EAST, 'a'));
    expect(guard.isHidden).toBe(true);
    guard.admits(fixAt(10, EAST, 'a'));
    expect(guard.isHidden).toBe(true);
    guard.admits(fixAt(11, EAST, 'a'));
    expect(guard.isHidden).toBe(false);
  });

  it.each<[string, [number, number][], boolean, boolean]>([
    [
      'within the zone',
      [
        [0, EAST],
        [2, WEST],
      ],
      true,
      true,
    ],
    [
      'outside',
      [
        [0, EAST],
        [2, WEST],
        [4, EAST],
      ],
      true,
      false,
    ],
    ['without ever having been within', [[0, EAST]], false, false],
  ])('remembered over a restart %s', async (_, fixes, at3, at100) => {
    const first = await makeGuard();
    for (const [n, lon] of fixes) first.guard.admits(fixAt(n, lon));
    await first.finish();
    const second_ = await makeGuard(west, 60);
    second_.now = second(120);
    expect(second_.guard.hides(second(3), second(3))).toBe(at3);
    expect(second_.guard.hides(second(100), second(100))).toBe(at100);
    expect(readFileSync(join(folder, 'privacy.json'), 'latin1')).not.toMatch(/lat|lon|gnss/);
  });

  it('unknown, as at a first start, where what was remembered is damaged', async () => {
    writeFileSync(join(folder, 'privacy.json'), '{"version":1,"hid');
    const { guard } = await makeGuard();
    expect(guard.isHidden).toBe(true);
  });

  it.each<[string, number, Uint8Array, boolean, number | undefined]>([
    ['a minute ago', 60, Uint8Array.of(1), false, undefined],
    ['five minutes ago', 300, Uint8Array.of(1), true, 185],
    ['before the power was cut, a minute ago by the clock', 60, Uint8Array.of(2), true, 60],
    ['before the power was cut, an hour ago', 3_600, Uint8Array.of(2), true, 185],
  ])('unknown since the diary was not kept any more: it was %s', async (_, at, boot, isHidden, from) => {
    const first = await makeGuard();
    first.guard.admits(fixAt(0, EAST));
    first.now = second(5);
    const stop = new AbortController();
    const running = first.guard.run(stop.signal);
    const diary = join(folder, 'privacy.json');
    await expect.poll(() => existsSync(diary)).toBe(true);
    const asKilled = readFileSync(diary);
    stop.abort();
    await running;
    writeFileSync(diary, asKilled);
    const next = await makeGuard(west, at, boot);
    expect(next.guard.isHidden).toBe(isHidden);
    next.now = second(at + 60);
    expect(next.guard.hides(second(at + 20), second(at + 20))).toBe(isHidden);
    if (from === undefined) return;
    expect(next.guard.hides(second(from - 1), second(from - 1))).toBe(false);
    expect(next.guard.hides(second(from), second(from))).toBe(true);
    next.guard.admits(fixAt(at + 30, EAST));
    expect([next.guard.hides(second(at + 20), second(at + 20)), next.guard.isHidden]).toEqual([true, false]);
  });

  it('dated anew with the clock, but for what another run has seen', async () => {
    const former = await makeGuard(west, -100_000);
    former.guard.admits(fixAt(-100_000, WEST));
    former.guard.admits(fixAt(-99_990, EAST));
    await former.finish();
    const { guard, finish } = await makeGuard(west, 0);
    guard.admits(fixAt(0, EAST));
    guard.admits(fixAt(1, WEST));
    guard.admits(fixAt(10, EAST));
    guard.dateBack(3_600_000, second(0), second(20));
    await finish();
    for (const one of [guard, (await makeGuard()).guard]) {
      expect(one.hides(second(-99_995), second(-99_994))).toBe(true);
      expect(one.hides(second(3_605), second(3_606))).toBe(true);
      expect(one.hides(second(5), second(6))).not.toBe(true);
    }
  });

  it('bounded in what it remembers', async () => {
    const { guard, finish } = await makeGuard();
    for (let n = 0; n < 2_000; n++) guard.admits(fixAt(n * 100, n % 2 === 0 ? WEST : EAST));
    await finish();
    const { hidden } = JSON.parse(readFileSync(join(folder, 'privacy.json'), 'utf8'));
    expect(hidden).toHaveLength(256);
    expect(guard.hides(second(199_805), second(199_805))).toBe(true);
  });
});

describe('what is held back', () => {
  it('is declared with its count, and with whole minutes for its times, when the zone is left', async () => {
    const { guard, losses } = await makeGuard();
    const stop = new AbortController();
    const running = guard.run(stop.signal);
    guard.admits(fixAt(0, EAST));
    for (let n = 1; n <= 45; n++) guard.admits(fixAt(n, WEST));
    guard.withhold(second(20));
    await new Promise(setImmediate);
    expect(losses).toEqual([]);
    guard.admits(fixAt(46, EAST));
    await expect.poll(() => losses).toHaveLength(1);
    expect(losses).toEqual([
      {
        reason: 'privacy-zone',
        count: 46,
        from: Date.UTC(2026, 10, 20, 17, 0),
        to: Date.UTC(2026, 10, 20, 17, 2),
      },
    ]);
    stop.abort();
    await running;
    expect(losses).toHaveLength(1);
  });

  it('is declared at the end where the zone is not left', async () => {
    const { guard, losses, finish } = await makeGuard();
    guard.admits(fixAt(1, WEST));
    await finish();
    expect(losses).toMatchObject([{ reason: 'privacy-zone', count: 1 }]);
  });

  it('is nothing, and not declared, where the first fix is outside', async () => {
    const { guard, losses, finish } = await makeGuard();
    guard.admits(fixAt(1, EAST));
    await finish();
    expect(losses).toEqual([]);
  });
});
