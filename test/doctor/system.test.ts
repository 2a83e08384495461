import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClockHost, linuxHost } from '../../daemon/clock/index.ts';
import { findAccount, grants, groupName, ownAccount, READ, WRITE } from '../../daemon/doctor/account.ts';
import { checkClock } from '../../daemon/doctor/checks/clock.ts';
import { checkHost } from '../../daemon/doctor/checks/host.ts';
import { checkService } from '../../daemon/doctor/checks/service.ts';
import { checkWear } from '../../daemon/doctor/checks/wear.ts';
import { RELEASED } from '../../daemon/version.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { linesOf, patientOf } from './patient.ts';

let folder: DaemonFolder;
let root: string;
beforeEach(async () => {
  folder = await DaemonFolder.make();
  root = mkdtempSync(join(tmpdir(), 'fieldseal-doctor-'));
});
afterEach(() => {
  folder.remove();
  rmSync(root, { recursive: true, force: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
const patient = async (changes: Parameters<typeof patientOf>[1] = {}, sections = {}) =>
  patientOf(folder.configure(sections), { root, ...changes });

describe('a disk that tells how worn it is', () => {
  it.each([
    ['0x01 0x02', '0x01', 'ok disk: mmcblk0 is up to 20 % worn'],
    ['0x09 0x01', '0x02', 'warn disk: mmcblk0 is up to 90 % worn'],
    ['0x02 0x01', '0x03', 'fail disk: mmcblk0 is up to 20 % worn'],
    ['0x0b 0x01', '0x03', 'fail disk: mmcblk0 has outlived its estimated life'],
  ])('of life time %s and end of life %s', async (life, end, line) => {
    put({ 'sys/block/mmcblk0/device/life_time': `${life}\n`, 'sys/block/mmcblk0/device/pre_eol_info': `${end}\n` });
    put({ 'sys/block/mmcblk1/device/name': 'SD card\n', 'sys/block/sda/size': '1\n' });
    expect(linesOf(await checkWear(await patient()))).toEqual([line]);
  });
});

describe('the clock', () => {
  const NOW = RELEASED + 86_400_000;
  const host = (changes: Partial<ClockHost>): ClockHost => ({
    ...linuxHost,
    wallNow: () => NOW,
    ntp: async () => undefined,
    rtc: async () => undefined,
    ...changes,
  });
  const chrony = async () => ({ client: 'chrony', uncertaintyMs: 0.413, measured: 1 });

  it.each<[string, Partial<ClockHost>, object, string[]]>([
    [
      'kept by chrony, with a battery',
      { ntp: chrony, rtc: async () => NOW - 500 },
      {},
      ['ok clock: chrony vouches for it, within 0.41 ms', 'ok clock: the battery-backed clock agrees'],
    ],
    [
      'kept by nobody',
      {},
      {},
      [
        "warn clock: no time server's client vouches for it; receivers' time counts instead",
        'ok clock: no battery-backed clock: after each start readings wait until the time is known',
      ],
    ],
    [
      'that no time server is to keep',
      { rtc: async () => NOW - 3_600_000 },
      { ntp: 'none' },
      [
        'ok clock: no time server is asked, as the configuration says',
        'warn clock: the battery-backed clock is 3600 s off',
      ],
    ],
    [
      'of 1970',
      { wallNow: () => 20_000, rtc: async () => 19_000 },
      { gnss: false },
      [
        "fail clock: the host's clock shows 1970-01-01T00:00:20.000Z, before this program was made",
        "warn clock: no time server's client vouches for it; proofs say that their time is not known",
        'warn clock: the battery-backed clock shows 1970-01-01T00:00:19.000Z',
      ],
    ],
  ])('%s', async (_, changes, clock, lines) => {
    expect(linesOf(await checkClock(await patient({ clock: host(changes) }, { clock })))).toEqual(lines);
  });
});

describe('the service', () => {
  it('on a host without systemd is nobody to start', async () => {
    expect(linesOf(await checkService(await patient()))).toEqual(['ok service: this host does not run systemd']);
  });

  it('that is not installed is told', async () => {
    put({ 'run/systemd/system/.keep': '' });
    const lines = linesOf(await checkService(await patient()));
    expect(lines[0]).toMatch(/^warn service: no fieldseal.service is installed/);
    expect(lines).toContainEqual(expect.stringMatching(/^warn service: no udev rules/));
  });

  it('as the package has it is well', async () => {
    put({
      'run/systemd/system/.keep': '',
      'usr/lib/systemd/system/fieldseal.service': '[Service]\nWatchdogSec=60\n',
      'etc/systemd/system/multi-user.target.wants/fieldseal.service': '',
      'usr/lib/udev/rules.d/60-fieldseal.rules': '',
      'dev/watchdog0': '',
      'etc/systemd/system.conf.d/watchdog.conf': '[Manager]\nRuntimeWatchdogSec=15\n',
    });
    expect(linesOf(await checkService(await patient()))).toEqual([
      'ok service: fieldseal.service is enabled',
      'ok service: its watchdog restarts a daemon that hangs (WatchdogSec=60)',
      "ok service: the host's watchdog resets a system that hangs",
      'ok service: the journal is in memory: it spares the card, and a reboot forgets it',
    ]);
  });

  it('without watchdogs is told', async () => {
    put({
      'run/systemd/system/.keep': '',
      'etc/systemd/system/fieldseal.service': '[Service]\n',
      'dev/watchdog0': '',
      'var/log/journal/.keep': '',
    });
    const lines = linesOf(await checkService(await patient()));
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(4);
    expect(lines).toContain('ok service: the journal is kept on disk');
  });
});

describe('the host', () => {
  it('tells of its memory and its Node.js', async () => {
    const lines = linesOf(await checkHost(await patient({ root: '' })));
    expect(lines).toContainEqual(expect.stringMatching(/MB of memory are free/));
  });
});

describe('an account', () => {
  it('has the groups that name it', async () => {
    put({
      'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nfieldseal:x:990:991::/nonexistent:/usr/sbin/nologin\n',
      'etc/group': 'root:x:0:\nfieldseal:x:991:\ndialout:x:20:pi,fieldseal\ntss:x:120:\n',
    });
    expect(await findAccount('fieldseal', root)).toEqual({ name: 'fieldseal', uid: 990, groups: new Set([991, 20]) });
    expect(await findAccount('nobody', root)).toBeUndefined();
    expect([await groupName(20, root), await groupName(77, root)]).toEqual(['dialout', '77']);
    expect((await ownAccount()).uid).toBe(process.getuid?.());
  });

  it.each([
    [0o600, 990, 1, true],
    [0o060, 990, 20, false],
    [0o660, 1, 20, true],
    [0o640, 1, 20, false],
    [0o606, 1, 20, false],
    [0o006, 1, 1, true],
  ])('to whom mode %o of %d:%d grants reading and writing: %s', (mode, uid, gid, granted) => {
    const account = { name: 'fieldseal', uid: 990, groups: new Set([991, 20]) };
    const file = Object.assign(statSync('/'), { mode, uid, gid });
    expect(grants(file, account, READ | WRITE)).toBe(granted);
    expect(grants(file, { ...account, uid: 0 }, READ | WRITE)).toBe(true);
  });
});
