import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, nodeSectorDisk, type SectorDisk } from '../../daemon/journal/index.ts';
import type { ClockState } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { ModelSectors } from './model-sectors.ts';

const NOW = 1_790_000_000_000;
const LIMITS = { maxReadings: 5_000, maxBytes: 96_000 };
const FOLDER = '/outbox/journal';
const SOURCES = [
  { source: 'gnss', profile: 'gnss/test', profileDigest: new Uint8Array(32).fill(1) },
  { source: 'host', profile: 'builtin/host', profileDigest: new Uint8Array(32).fill(2) },
];
const STATE: ClockState = { source: 'gnss', uncertaintyMs: 40, bootId: new Uint8Array(16).fill(7), sinceBootMs: 5_000 };
const fix = (n: number): Reading => ({
  kind: 'gnss.fix',
  source: 'gnss',
  t: NOW + n * 100,
  fields: {
    time: NOW + n * 100 - 60,
    mode: 3,
    lat: 473_771_664 + n * 13,
    lon: 85_438_296 - n * 7,
    speed: 8_000 + (n % 7),
  },
});
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

function create(
  disk: SectorDisk = new ModelSectors(),
  { maxBytes = 64e6, directory = '/outbox', interval = 1_000 } = {},
) {
  const log = keptLog();
  const time = { now: 1_000 };
  const clock = { monotonicNow: () => time.now, state: () => ({ ...STATE, sinceBootMs: time.now }) };
  const journal = new Journal({ interval, maxBytes }, { directory }, { clock, sources: () => SOURCES, log, disk });
  return { journal, log, time };
}

async function open(disk: SectorDisk, sealed = 0, options: Parameters<typeof create>[1] = {}) {
  const { journal, log, time } = create(disk, options);
  const lostFrom = await journal.look();
  const recovery = journal.open(sealed, LIMITS);
  const read = async () => {
    const readings: Reading[] = [];
    for (const { first, last } of recovery.batches) readings.push(...(await journal.read(first, last)));
    return readings;
  };
  return { journal, log, time, lostFrom, recovery, read };
}

/** A run that ends without a word. */
async function run(disk: SectorDisk, positions: readonly number[], every = 10): Promise<void> {
  const { journal } = await open(disk);
  for (const n of positions) {
    journal.add(n, fix(n));
    if (n % every === 0) expect(await journal.sync()).toBe(true);
  }
}

describe('the journal', () => {
  it('gives back what was synced, in order, with the clock and the sources of the time', async () => {
    const disk = new ModelSectors();
    await run(disk, range(1, 105));
    const { recovery, read } = await open(disk);
    expect(recovery).toMatchObject({ position: 100, gaps: [] });
    expect(recovery.batches).toEqual([
      {
        ...{ first: 1, last: 100, count: 100, from: NOW + 100, to: NOW + 10_000 },
        ...{ clock: { ...STATE, sinceBootMs: 1_000 }, sources: SOURCES },
      },
    ]);
    expect(await read()).toEqual(range(1, 100).map(fix));
  });

  it.each<[string, readonly (readonly number[])[], number]>([
    ['the oldest of the last frame', [[0], [4_000, 2_700, 5_000]], 2_700],
    ['no later than a second before the last reading', [[4_000], [5_000]], 4_000],
    ['the oldest of all that was written within an interval', [[0], [3_200, 5_000], [5_000], [5_100]], 3_200],
  ])('says from when on readings may be missing: %s', async (_what, frames, expected) => {
    const disk = new ModelSectors();
    const { journal, time } = await open(disk);
    let position = 0;
    for (const frame of frames) {
      for (const t of frame) journal.add(++position, { ...fix(0), t: NOW + t });
      time.now = 10_000 + Math.max(...frame);
      expect(await journal.sync()).toBe(true);
    }
    expect((await open(disk)).lostFrom).toBe(NOW + expected);
  });

  it('does not go by what was written in an earlier boot', async () => {
    const disk = new ModelSectors();
    const first = await open(disk);
    first.journal.add(1, fix(1));
    await first.journal.sync();
    const boot = STATE.bootId[0] ?? 0;
    STATE.bootId[0] = boot + 1;
    try {
      const second = await open(disk);
      second.journal.add(2, fix(90));
      await second.journal.sync();
      expect((await open(disk)).lostFrom).toBe(fix(90).t - 1_000);
    } finally {
      STATE.bootId[0] = boot;
    }
  });

  it('knows of nothing that may be missing where it has nothing', async () => {
    expect((await open(new ModelSectors())).lostFrom).toBeUndefined();
  });

  it.each([0, 1, 37, 40, 99])('gives back only what is not sealed: after position %i', async (sealed) => {
    const disk = new ModelSectors();
    await run(disk, range(1, 100));
    expect(await (await open(disk, sealed)).read()).toEqual(range(sealed + 1, 100).map(fix));
  });

  it('has nothing to give back where all is sealed, and writes nothing then', async () => {
    const disk = new ModelSectors();
    await run(disk, range(1, 100));
    const { recovery, journal } = await open(disk, 100);
    expect(recovery).toEqual({ batches: [], gaps: [], position: 100 });
    const { writes } = disk;
    journal.add(101, fix(101));
    journal.sealed(101);
    expect(await journal.sync()).toBe(true);
    expect(disk.writes).toBe(writes);
  });

  it('writes ten fixes and a view of the sky into one sector', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk);
    for (const n of range(1, 10)) journal.add(n, fix(n));
    await journal.sync();
    const before = journal.stats.bytes;
    for (const n of range(11, 20)) journal.add(n, fix(n));
    const satellites = Uint8Array.from({ length: 9 * 24 }, (_, i) => (i * 31 + (i % 9) * 7) & 63);
    journal.add(21, { kind: 'gnss.sky', source: 'gnss', t: NOW, fields: { nSat: 24, uSat: 12, hdop: 80, satellites } });
    await journal.sync();
    expect(journal.stats.bytes - before).toBe(512);
  });

  it('leaves what comes during a write to the next one', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk);
    let n = 10;
    const openFile = disk.open.bind(disk);
    disk.open = async (path) => {
      const file = await openFile(path);
      const write = (offset: number, bytes: Uint8Array) => {
        n += 1;
        journal.add(n, fix(n));
        return file.write(offset, bytes);
      };
      return { ...file, write };
    };
    for (const one of range(1, 10)) journal.add(one, fix(one));
    expect(await journal.sync()).toBe(true);
    // One for the sources, one for the readings.
    expect(disk.writes).toBe(2);
    expect(journal.keeps(1, 10)).toBe(true);
    expect(journal.keeps(11, 12)).toBe(false);
  });

  it('writes its files over when what is in them is sealed', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk);
    for (const n of range(1, 40_000)) {
      journal.add(n, fix(n));
      if (n % 10 === 0) await journal.sync();
      if (n % 600 === 0) journal.sealed(n);
    }
    expect(journal.stats.bytes).toBeGreaterThan(1_900_000);
    expect(disk.files.size).toBeLessThanOrEqual(2);
    journal.sealed(40_000);
    expect((await open(disk, 40_000)).recovery.batches).toEqual([]);
    expect(await (await open(disk, 39_600)).read()).toEqual(range(39_601, 40_000).map(fix));
  });

  it('dates readings back, those on the disk and those on their way there', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk);
    for (const n of range(1, 20)) journal.add(n, fix(n));
    await journal.sync();
    const later = range(21, 25).map(fix);
    for (const [i, reading] of later.entries()) journal.add(21 + i, reading);
    for (const reading of later) Object.assign(reading, { t: reading.t + 5_000 });
    journal.dateBack(25, 5_000);
    expect((await journal.read(1, 20)).map(({ t }) => t)).toEqual(range(1, 20).map((n) => fix(n).t + 5_000));
    journal.add(26, fix(26));
    await journal.sync();
    const { read, recovery } = await open(disk);
    expect((await read()).map(({ t }) => t)).toEqual(range(1, 26).map((n) => fix(n).t + (n <= 25 ? 5_000 : 0)));
    expect(recovery.batches[0]).toMatchObject({ from: fix(26).t, to: fix(25).t + 5_000 });
  });

  it('is off at an interval of nothing, and takes up what an earlier run kept all the same', async () => {
    const disk = new ModelSectors();
    await run(disk, range(1, 20));
    const { journal, read } = await open(disk, 0, { interval: 0 });
    expect(await read()).toEqual(range(1, 20).map(fix));
    const { writes } = disk;
    journal.add(21, fix(21));
    expect(await journal.sync()).toBe(false);
    expect(disk.writes).toBe(writes);
    expect(journal.keeps(21, 21)).toBe(false);
  });
});

describe('damage', () => {
  const sectorsOf = (bytes: Uint8Array) =>
    range(0, bytes.length / 512 - 1).filter((i) => bytes.some((byte, at) => byte !== 0 && at >> 9 === i));

  it('of any one sector costs the readings in it and no other, and they are counted', async () => {
    const whole = new ModelSectors();
    await run(whole, range(1, 60));
    const [path, bytes] = [...whole.files][0]!;
    const used = sectorsOf(bytes);
    expect(used.length).toBeGreaterThan(5);
    for (const sector of used.slice(1)) {
      for (const at of [0, 5, 12, 40, 70, 200]) {
        const disk = new ModelSectors(undefined, whole.files);
        const damaged = disk.files.get(path)!;
        if (damaged[sector * 512 + at] === 0 && at > 70) continue;
        damaged[sector * 512 + at]! ^= 0x40;
        const { read, recovery } = await open(disk);
        const readings = await read();
        const missing = 60 - readings.length;
        expect(missing).toBe(10);
        expect(
          readings.every((reading) =>
            range(1, 60)
              .map(fix)
              .some((one) => one.t === reading.t),
          ),
        ).toBe(true);
        const isLast = readings.at(-1)?.t === fix(50).t;
        expect(recovery.gaps.reduce((sum, { count }) => sum + count, 0)).toBe(isLast ? 0 : 10);
      }
    }
  });

  it('of the sources costs nothing where another file has them', async () => {
    const disk = new ModelSectors();
    await run(disk, range(1, 20));
    await run(disk, []);
    const { journal } = await open(disk);
    for (const n of range(21, 30)) journal.add(n, fix(n));
    await journal.sync();
    expect(disk.files.size).toBe(2);
    [...disk.files.values()][0]![20]! ^= 1;
    expect(await (await open(disk)).read()).toEqual(range(1, 30).map(fix));
  });

  it('by files that are none of ours is passed over', async () => {
    const disk = new ModelSectors();
    disk.files.set(`${FOLDER}/notes.txt`, new Uint8Array(3));
    disk.files.set(`${FOLDER}/000007.sectors`, new Uint8Array(100).fill(0x46));
    await run(disk, range(1, 10));
    expect(await (await open(disk)).read()).toEqual(range(1, 10).map(fix));
    expect(disk.files.has(`${FOLDER}/notes.txt`)).toBe(true);
  });
});

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EROFS', 'EIO'])(
    '(%s) is told once, tried again more and more rarely, and never in the same file',
    async (code) => {
      const disk = new ModelSectors();
      const { journal, log, time } = await open(disk);
      for (const n of range(1, 10)) journal.add(n, fix(n));
      expect(await journal.sync()).toBe(true);
      const before = [...disk.files.keys()];
      disk.fault = code;
      for (const n of range(11, 30)) journal.add(n, fix(n));
      expect(await journal.sync()).toBe(false);
      expect(journal.status).toMatchObject({ durable: false, readings: 10 });
      expect(journal.status.trouble).toContain('JOURNAL_UNUSABLE');
      expect(journal.keeps(1, 10)).toBe(true);
      expect(journal.keeps(1, 11)).toBe(false);
      const tried: number[] = [];
      for (let ms = 0; ms < 120_000; ms += 500) {
        time.now += 500;
        const { attempts } = disk;
        await journal.sync();
        if (disk.attempts > attempts) tried.push(ms);
      }
      expect(tried.length).toBeGreaterThan(4);
      expect(tried.length).toBeLessThan(12);
      disk.fault = undefined;
      time.now += 30_000;
      expect(await journal.sync()).toBe(true);
      expect(journal.status).toMatchObject({ durable: true, trouble: undefined, readings: 30 });
      expect(journal.keeps(1, 30)).toBe(true);
      expect([...disk.files.keys()].filter((path) => !before.includes(path))).toHaveLength(1);
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
      expect(await (await open(disk)).read()).toEqual(range(1, 30).map(fix));
    },
  );

  it('keeps a bounded number of readings to be written, and says how many it has missed', async () => {
    const disk = new ModelSectors();
    const { journal, time } = await open(disk);
    disk.fault = 'EIO';
    for (const n of range(1, 25_000)) journal.add(n, fix(n));
    await journal.sync();
    disk.fault = undefined;
    time.now += 60_000;
    expect(await journal.sync()).toBe(true);
    expect(journal.stats.missed).toBeGreaterThan(14_000);
    expect(journal.keeps(1, 25_000)).toBe(false);
    expect(journal.keeps(journal.stats.missed + 1, 25_000)).toBe(true);
  });

  it('and crashes are no system errors: a bug is thrown', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk);
    disk.create = () => Promise.reject(new TypeError('a bug'));
    journal.add(1, fix(1));
    await expect(journal.sync()).rejects.toThrow(TypeError);
  });
});

describe('a journal that is full', () => {
  it('takes nothing more until readings are given up, the oldest file first', async () => {
    const disk = new ModelSectors();
    const { journal } = await open(disk, 0, { maxBytes: 1_000_000 });
    let told = 0;
    journal.onFull = () => {
      told += 1;
    };
    let n = 0;
    while (!journal.isFull) {
      n += 1;
      journal.add(n, fix(n));
      if (n % 10 === 0) await journal.sync();
    }
    expect(told).toBe(1);
    expect(journal.status).toMatchObject({ durable: false, trouble: 'full' });
    expect(journal.status.bytes).toBeLessThanOrEqual(1_000_000);
    const upTo = journal.fullUpTo!;
    expect(upTo).toBeGreaterThan(1_000);
    expect(upTo).toBeLessThan(n / 2);
    journal.sealed(upTo);
    expect(await journal.sync()).toBe(true);
    expect(journal.isFull).toBe(false);
    expect(await (await open(disk, upTo)).read()).toEqual(range(upTo + 1, n).map(fix));
  });
});

describe('on the disk of this machine', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fieldseal-journal-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('gives back what was synced, past the page cache and through it', async () => {
    const buffered: SectorDisk = {
      ...nodeSectorDisk,
      open: async (path) => {
        const file = await nodeSectorDisk.open(path);
        return { sectorBytes: 4_096, write: (offset, bytes) => file.write(offset, bytes), close: () => file.close() };
      },
    };
    for (const disk of [nodeSectorDisk, buffered]) {
      const { journal } = await open(disk, 0, { directory });
      for (const n of range(1, 2_000)) {
        journal.add(n, fix(n));
        if (n % 100 === 0) expect(await journal.sync()).toBe(true);
      }
      const again = await open(disk, 0, { directory });
      expect(await again.read()).toEqual(range(1, 2_000).map(fix));
      expect(readdirSync(join(directory, 'journal'))).not.toEqual([]);
      await journal.run(AbortSignal.abort());
      rmSync(join(directory, 'journal'), { recursive: true });
    }
  });

  it('runs by itself, ends with a last write, and stops where it is told to', async () => {
    const { journal } = await open(nodeSectorDisk, 0, { directory, interval: 20 });
    const stop = new AbortController();
    const running = journal.run(stop.signal);
    for (const n of range(1, 1_500)) journal.add(n, fix(n));
    stop.abort();
    await running;
    expect(await (await open(nodeSectorDisk, 0, { directory })).read()).toHaveLength(1_500);
  });

  it.skipIf(!canMount())(
    'lives with one in memory that fills up (skipped where mounting is not permitted)',
    async () => {
      const place = join(directory, 'small');
      mkdirSync(place);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]);
      try {
        const { journal } = await open(nodeSectorDisk, 0, { directory: place });
        for (const n of range(1, 100)) journal.add(n, fix(n));
        expect(await journal.sync()).toBe(true);
        writeFileSync(join(place, 'filler'), '');
        expect(() => writeFileSync(join(place, 'filler'), Buffer.alloc(1_000_000))).toThrow(/ENOSPC/);
        for (const n of range(101, 200)) journal.add(n, fix(n));
        // What has its room already can be written, full or not.
        expect(await journal.sync()).toBe(true);
        await journal.run(AbortSignal.abort());
        execFileSync('mount', ['-o', 'remount,ro', place]);
        const other = await open(nodeSectorDisk, 0, { directory: place });
        other.journal.add(201, fix(201));
        expect(await other.journal.sync()).toBe(false);
        expect(other.journal.status.trouble).toMatch(/EROFS|ENOSPC/);
        expect(await other.read()).toEqual(range(1, 200).map(fix));
        execFileSync('mount', ['-o', 'remount,rw', place]);
        rmSync(join(place, 'filler'));
        other.time.now += 60_000;
        expect(await other.journal.sync()).toBe(true);
        await other.journal.run(AbortSignal.abort());
      } finally {
        execFileSync('umount', ['-l', place]);
      }
    },
  );
});

/** Root in a namespace that lets it. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'fieldseal-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
