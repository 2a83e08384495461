import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOutbox } from '../../daemon/doctor/checks/outbox.ts';
import { mountOf } from '../../daemon/doctor/mounts.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { linesOf, NOBODY, patientOf } from './patient.ts';

let folder: DaemonFolder;
beforeEach(async () => {
  folder = await DaemonFolder.make();
});
afterEach(() => folder.remove());

const examined = async (changes: Parameters<typeof patientOf>[1] = {}) =>
  linesOf(await checkOutbox(await patientOf(folder.configure(), changes)));

describe('the outbox', () => {
  it('on a disk that takes it is well, and left as it was', async () => {
    mkdirSync(folder.path('outbox'), { mode: 0o700 });
    const lines = await examined();
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/^ok outbox: the disk confirms a write in \d+ ms$/));
    expect(lines).toContainEqual(expect.stringMatching(/MB are free/));
    expect(readdirSync(folder.path('outbox'))).toEqual([]);
  });

  it('that is not there yet can be made, or not', async () => {
    expect(await examined()).toEqual([expect.stringMatching(/^ok outbox: .* the first start makes it$/)]);
    expect(await examined({ account: NOBODY })).toEqual([
      expect.stringMatching(/^fail outbox: .* stranger may not make it in/),
    ]);
  });

  it("that is not the daemon's, or anybody's to read, is told", async () => {
    mkdirSync(folder.path('outbox'));
    chmodSync(folder.path('outbox'), 0o755);
    const lines = await examined({ account: NOBODY });
    expect(lines).toContainEqual(expect.stringMatching(/^fail outbox: stranger may not write into/));
    expect(lines).toContainEqual(expect.stringMatching(/^warn outbox: anybody may look into/));
  });

  it('with something in quarantine is told', async () => {
    mkdirSync(folder.path('outbox/quarantine'), { recursive: true });
    folder.write('outbox/quarantine/one', '');
    expect((await examined()).at(-1)).toMatch(/^warn outbox: 1 files are in quarantine/);
  });

  const mayMount = canMount();
  it.skipIf(!mayMount)(`on a read-only file system is told${mayMount ? '' : ' (skipped: may not mount)'}`, async () => {
    const place = folder.path('outbox');
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', place]);
    try {
      const lines = await examined();
      expect(lines).toContainEqual(expect.stringMatching(/^fail outbox: .* on tmpfs \(tmpfs\), .* read-only$/));
      expect(lines).toContainEqual(expect.stringMatching(/^fail outbox: the disk takes nothing: .*EROFS/));
      execFileSync('mount', ['-o', 'remount,rw', place]);
      const after = await examined();
      expect(after).toContainEqual(expect.stringMatching(/^warn outbox: .* a restart may empty it$/));
      expect(after).toContainEqual(expect.stringMatching(/^fail outbox: 1 MB are free$/));
    } finally {
      execFileSync('umount', [place]);
    }
  });
});

describe('the mount of a path', () => {
  it('is the one with the longest point, the last of those', async () => {
    mkdirSync(folder.path('proc/self'), { recursive: true });
    folder.write(
      'proc/self/mountinfo',
      [
        '20 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw',
        '21 20 179:3 / /var/lib rw - ext4 /dev/mmcblk0p3 ro,errors=remount-ro',
        '22 20 179:3 / /var/lib rw - btrfs /dev/mmcblk0p4 rw',
        '23 20 0:5 / /my\\040disk ro - vfat /dev/sda1 rw',
      ].join('\n'),
    );
    expect(await mountOf('/var/lib/fieldseal', folder.folder)).toMatchObject({ type: 'btrfs', readOnly: false });
    expect(await mountOf('/var/library', folder.folder)).toMatchObject({ point: '/', source: '/dev/root' });
    expect(await mountOf('/my disk/x', folder.folder)).toMatchObject({ point: '/my disk', readOnly: true });
  });
});

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
