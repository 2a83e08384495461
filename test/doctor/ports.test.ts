import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, realpathSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPorts } from '../../daemon/doctor/checks/ports.ts';
import { Track, VirtualDevice } from '../../daemon/simulator/index.ts';
import { VirtualPort } from '../../daemon/simulator/virtual-port.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { linesOf, NOBODY, patientOf } from './patient.ts';

let folder: DaemonFolder;
beforeEach(async () => {
  folder = await DaemonFolder.make();
});
afterEach(() => folder.remove());

const port = (path: string, profile = 'gnss/generic-nmea') => ({ ports: [{ source: 'gnss', path, profile }] });

describe('a port', () => {
  it('whose device speaks as its profile says is well', async () => {
    const device = new VirtualDevice({
      ...{ model: 'nmea', rateHz: 5, baudRate: 115_200, track: new Track({ start: Date.now(), seed: 7 }) },
    });
    device.open();
    const stop = new AbortController();
    const running = device.run(stop.signal);
    const lines = linesOf(await checkPorts(await patientOf(folder.configure(port(device.path)))));
    expect(lines).toEqual([expect.stringMatching(/^ok port gnss: \d+ nmea frames within \d\.\d s$/)]);
    stop.abort();
    await running;
  });

  it.each<[string, string, RegExp]>([
    ['that is silent', '', /^warn port gnss: not a byte within/],
    ['that says what is no frame', 'hello\r\n'.repeat(40), /^warn port gnss: \d+ bytes within .* no valid frame/],
  ])('%s is to be looked at', async (_, says, line) => {
    const pty = new VirtualPort('gnss');
    pty.open();
    const writing = setInterval(() => pty.write(Buffer.from(says)), 100);
    const patient = await patientOf(folder.configure(port(pty.path)), { listenMs: 700 });
    expect(linesOf(await checkPorts(patient))).toEqual([expect.stringMatching(line)]);
    clearInterval(writing);
    pty.close();
  });

  it('that is not there, or no device, is told', async () => {
    expect(linesOf(await checkPorts(await patientOf(folder.configure())))).toEqual([
      'fail port gnss: there is no /dev/ttyNOWHERE',
    ]);
    const file = folder.write('not-a-device', '');
    expect(linesOf(await checkPorts(await patientOf(folder.configure(port(file)))))).toEqual([
      `fail port gnss: ${file} is no device`,
    ]);
  });

  it('that another program holds is told with that program, and left alone', async () => {
    const pty = new VirtualPort('gnss');
    pty.open();
    const script = 'import sys,time; f=open(sys.argv[1],"rb+",buffering=0); print("has it",flush=True); time.sleep(60)';
    const other = spawn('/usr/bin/python3', ['-c', script, pty.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    const findings = await checkPorts(await patientOf(folder.configure(port(pty.path))));
    expect(linesOf(findings)).toEqual([`fail port gnss: ${pty.path} is in use by python3 (process ${other.pid})`]);
    expect(findings[0]?.remedy).toMatch('stop the other program');
    other.kill();
    await once(other, 'exit');
    pty.close();
  });

  it("that the daemon's user may not open is told with the group to join", async () => {
    const pty = new VirtualPort('gnss');
    pty.open();
    chmodSync(realpathSync(pty.path), 0o660);
    const patient = await patientOf(folder.configure(port(pty.path)), { account: NOBODY });
    const [finding] = await checkPorts(patient);
    expect(finding?.what).toMatch(/^stranger may not open .*, which is of the group \w+$/);
    expect(finding?.remedy).toMatch(/^usermod -aG \w+ stranger, and start it anew$/);
    pty.close();
  });

  it('is not touched while a daemon has it', async () => {
    expect(await checkPorts(await patientOf(folder.configure(), { holder: '123' }))).toEqual([]);
  });

  it('that plays a recording ends with it', async () => {
    const recording = new URL('../captures/gnss/nmea-multi-band-midnight.bin', import.meta.url).pathname;
    const patient = await patientOf(folder.configure(port(`file:${recording}`)), { listenMs: 60_000 });
    expect(linesOf(await checkPorts(patient))).toEqual([expect.stringMatching(/^ok port gnss: \d+ nmea frames/)]);
  });
});
