import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { Track, VirtualDevice } from '../../dist/simulator/index.js';
import { DaemonProcess, wait } from './daemon-process.mjs';
import { round } from './measure.mjs';
import { movingFixes } from './proofs.mjs';

const RATE_HZ = 10;
/** The files of the journal are made once, and written over from then on. */
const SETTLE_MS = 65_000;
const MINUTES = Number(process.env.FIELDSEAL_BENCH_MINUTES ?? 3);
/** By then what a file system writes back later is written. */
const AFTER_MS = 40_000;
const DISK_BYTES = 512 * 1024 * 1024;
const SECTOR = 512;

/**
 * Bytes written to disk for each 10 Hz fix at the default settings: what the process has asked for (/proc/pid/io), and what a disk of
 * its own was given with ext4 between, its journal and all. Beside it SQLite, WAL and synchronous=FULL, with the same fixes
 * committed each second.
 */
export async function benchWear() {
  const results = {};
  for (const [name, options] of [
    ['ext4', 'noatime'],
    ['ext4, commit=60', 'noatime,commit=60'],
  ]) {
    const disk = await Disk.make(options);
    results[name] = { fieldseal: await daemonWear(disk), sqlite: await sqliteWear(disk) };
    await disk.remove();
    if (disk.stat === undefined) break;
  }
  return { minutes: MINUTES, bytesPerFix: results };
}

async function daemonWear(disk) {
  const track = new Track({ start: Date.now(), seed: 3 });
  const device = new VirtualDevice({ model: 'ublox', rateHz: RATE_HZ, track, baudRate: 115_200 });
  const path = device.open();
  const stop = new AbortController();
  const driving = device.run(stop.signal);
  const daemon = new DaemonProcess({ outbox: join(disk.folder, 'outbox'), batching: {} });
  try {
    await daemon.start([{ source: 'gnss', path, profile: 'gnss/ublox-neo-m9n' }]);
    await daemon.firstFrameMs();
    await wait(SETTLE_MS);
    return await disk.measure(
      () => daemon.bytesWritten(),
      async () => {
        await wait(MINUTES * 60_000);
        return MINUTES * 60 * RATE_HZ;
      },
    );
  } finally {
    await daemon.stop();
    stop.abort();
    await driving;
  }
}

/** The obvious way: a table of rows, and a commit each second. */
async function sqliteWear(disk) {
  const db = new Database(join(disk.folder, 'fixes.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  const fixes = movingFixes(RATE_HZ, 60_000);
  const names = [...new Set(fixes.flatMap(({ fields }) => Object.keys(fields)))];
  db.exec(
    `CREATE TABLE fixes (id INTEGER PRIMARY KEY, t INTEGER, ${names.map((name) => `"${name}" INTEGER`).join(', ')})`,
  );
  const insert = db.prepare(`INSERT INTO fixes VALUES (NULL, ?${', ?'.repeat(names.length)})`);
  const sealed = db.prepare('DELETE FROM fixes');
  const commit = db.transaction((some) => {
    for (const { t, fields } of some) insert.run(t, ...names.map((name) => fields[name] ?? null));
  });
  try {
    return await disk.measure(
      () => bytesWritten('self'),
      async () => {
        for (let second = 0; second < MINUTES * 60; second += 1) {
          const at = (second * RATE_HZ) % fixes.length;
          commit(fixes.slice(at, at + RATE_HZ));
          if (second % 60 === 59) sealed.run();
          await wait(1_000);
        }
        return MINUTES * 60 * RATE_HZ;
      },
    );
  } finally {
    db.close();
  }
}

/** A folder, on a disk of its own where loop devices and mounting are to be had. */
class Disk {
  folder;
  #root;
  #device;
  stat;

  static async make(options) {
    const disk = new Disk();
    disk.#root = await mkdtemp(join(tmpdir(), 'fieldseal-wear-'));
    disk.folder = join(disk.#root, 'disk');
    await mkdir(disk.folder);
    try {
      const image = join(disk.#root, 'image');
      execFileSync('truncate', ['-s', String(DISK_BYTES), image]);
      disk.#device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8', stdio: 'pipe' }).trim();
      const now = 'lazy_itable_init=0,lazy_journal_init=0';
      execFileSync('mkfs.ext4', ['-q', '-b', '4096', '-E', now, disk.#device], { stdio: 'pipe' });
      execFileSync('mount', ['-o', options, disk.#device, disk.folder], { stdio: 'pipe' });
      disk.stat = `/sys/block/${basename(disk.#device)}/stat`;
    } catch {
      console.error('no loop device to be had: what the disk is given is not measured');
    }
    return disk;
  }

  /** Bytes for each fix, of as many as `work` says. */
  async measure(asked, work) {
    const before = { asked: await asked(), given: await this.#given() };
    const fixes = await work();
    const bytesAsked = (await asked()) - before.asked;
    if (before.given === undefined) return { process: round(bytesAsked / fixes) };
    await wait(AFTER_MS);
    return { process: round(bytesAsked / fixes), disk: round(((await this.#given()) - before.given) / fixes) };
  }

  async #given() {
    if (this.stat === undefined) return undefined;
    // Documentation/block/stat.rst: the seventh is "write sectors".
    return Number((await readFile(this.stat, 'latin1')).trim().split(/\s+/)[6]) * SECTOR;
  }

  async remove() {
    if (this.stat !== undefined) execFileSync('umount', [this.folder]);
    if (this.#device !== undefined) execFileSync('losetup', ['--detach', this.#device]);
    await rm(this.#root, { recursive: true });
  }
}

async function bytesWritten(pid) {
  return Number(/^write_bytes: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'latin1'))[1]);
}
