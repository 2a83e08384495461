import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../daemon/doctor/finding.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { runCommand, startCommand } from '../support/run-command.ts';

describe('fieldseal doctor', () => {
  let folder: DaemonFolder;
  beforeEach(async () => {
    folder = await DaemonFolder.make();
  });
  afterEach(() => folder.remove());

  const recording = new URL('../captures/gnss/nmea-multi-band-midnight.bin', import.meta.url).pathname;
  const ports = [{ source: 'gnss', path: `file:${recording}`, profile: 'gnss/generic-nmea' }];

  it('answers yes for a gateway that can work, a line a finding', async () => {
    const broker = await Mosquitto.start();
    const file = folder.configure({ ports, mqtt: { url: broker.url }, clock: { ntp: 'host' } });
    const { code, stdout, stderr } = await runCommand(['doctor', '--config', file]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ok {4}config {6}.* is valid/m);
    expect(stdout).toMatch(/^warn {2}token {7}the key is a file.* {2}-> for anything but a trial/m);
    expect(stdout).toMatch(/^ok {4}broker {6}logged in/m);
    expect(stdout).toMatch(/\n\n\d+ as it should be, \d+ to look at, 0 to mend\n$/);
    expect(code).toBe(0);
    await broker.dispose();
  });

  it('answers no where something has to be mended, as JSON where asked', async () => {
    const { code, stdout } = await runCommand([
      'doctor',
      '--config',
      folder.configure(),
      '--json',
      '--listen',
      '200ms',
    ]);
    const answer: { fail: number; ok: number; findings: Finding[] } = JSON.parse(stdout);
    const failed = answer.findings.filter(({ level }) => level === 'fail');
    expect(failed.map(({ area }) => area)).toEqual(['port gnss', 'broker']);
    expect(answer.fail).toBe(2);
    for (const { level, remedy } of answer.findings) expect(remedy !== undefined).toBe(level !== 'ok');
    expect(code).toBe(1);
  });

  it('tells every mistake of a configuration, and looks no further', async () => {
    const file = folder.configure({ outbox: { directory: 'outbox', maxBytes: '1XB' }, colour: 'blue' });
    const { code, stdout } = await runCommand(['doctor', '--config', file]);
    expect(stdout).toMatch(/^fail {2}config .*CONFIG_INVALID/m);
    expect(stdout).toMatch(/^fail {2}config .*CONFIG_UNKNOWN_KEY/m);
    expect(stdout).not.toMatch(/broker/);
    expect(code).toBe(1);
    const none = await runCommand(['doctor', '--config', folder.path('nothing.yaml')]);
    expect(none.stdout).toMatch(/^fail {2}config .*FILE_NOT_READABLE/m);
  });

  it('tells a profile that is not there beside all else', async () => {
    const file = folder.configure({ ports: [{ source: 'gnss', path: '/dev/null', profile: 'gnss/none' }] });
    const { stdout } = await runCommand(['doctor', '--config', file]);
    expect(stdout).toMatch(/^fail {2}config .*PROFILE_NOT_FOUND/m);
    expect(stdout).toMatch(/^ok {4}outbox/m);
  });

  it('asks a daemon that runs instead of its ports and its token', async () => {
    const file = folder.configure({ ports, health: { interval: '0s', listen: `unix:${folder.path('status.sock')}` } });
    const daemon = startCommand(['run', '--config', file]);
    await daemon.said(/gateway runs/);
    const { stdout, code } = await runCommand(['doctor', '--config', file]);
    expect(stdout).toMatch(new RegExp(`^ok {4}daemon {6}runs as process ${process.pid}:`, 'm'));
    expect(stdout).toMatch(/^ok {4}daemon {6}fieldseal \S+: \d+ proofs sealed/m);
    expect(stdout).toMatch(/^fail {2}daemon {6}broker is not connected/m);
    expect(stdout).not.toMatch(/port gnss|the key is a file/);
    expect(code).toBe(1);
    daemon.stop();
    await daemon.ended;
  });

  it('refuses a time to listen that is none', async () => {
    const { code, stderr } = await runCommand(['doctor', '--config', folder.configure(), '--listen', 'long']);
    expect(stderr).toMatch(/^USAGE fieldseal doctor: --listen/);
    expect(code).toBe(2);
  });
});
