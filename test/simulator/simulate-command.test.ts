import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaptureEncoder } from '../../daemon/serial/index.ts';
import { runCommand, startCommand } from '../support/run-command.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-simulate-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const events = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('fieldseal simulate', () => {
  it('plays the device of a profile at a link, and takes it away at the end', async () => {
    const link = join(folder, 'gnss');
    const running = startCommand(['simulate', 'gnss/ublox-neo-m9n', '--link', link, '--baud-pace', '--json']);
    await expect.poll(() => existsSync(link)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.stop();
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(events(stdout)).toEqual([
      { event: 'plugged', name: 'ublox-neo-m9n', model: 'ublox', path: link },
      expect.objectContaining({ event: 'ended', model: 'ublox', dropped: 0, unplugs: 0 }),
    ]);
    expect(events(stdout)[1].bytes).toBeGreaterThan(100);
    expect(existsSync(link)).toBe(false);
  });

  it('plays a scenario with a drive and recordings of its own, for so long', async () => {
    const encoder = new CaptureEncoder();
    const header = { start: 0, datagrams: false };
    const record = (atMs: number, text: string) => encoder.record({ atMs, bytes: Buffer.from(text) });
    write('tape.cap', Buffer.concat([encoder.begin(header), record(0, 'one\n'), record(100, 'two\n')]));
    write('plain.txt', 'plain bytes\n');
    write(
      'line.geojson',
      JSON.stringify({
        type: 'LineString',
        coordinates: [
          [8.5, 47.3],
          [8.6, 47.4],
        ],
      }),
    );
    const scenario = write(
      'lab.yaml',
      `seed: 5
devices:
  gps: { model: nmea, rate: 10, drive: { line: line.geojson } }
  tape: { model: recording, file: tape.cap }
  plain: { model: recording, file: plain.txt }
`,
    );
    const { code, stdout } = await runCommand([
      'simulate',
      scenario,
      '--link',
      join(folder, 'ports'),
      '--seconds',
      '1',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(`gps: nmea at ${join(folder, 'ports', 'gps')}\n`);
    expect(stdout).toMatch(/^tape: 8 bytes/m);
    expect(stdout).toMatch(/^plain: (12|24) bytes/m);
  });

  it('plays a recording', async () => {
    const encoder = new CaptureEncoder();
    const record = encoder.record({ atMs: 0, bytes: Buffer.from('one\n') });
    const tape = write('drive.cap', Buffer.concat([encoder.begin({ start: 0, datagrams: false }), record]));
    const { stdout } = await runCommand(['simulate', tape, '--seconds', '1']);
    expect(stdout).toMatch(/^recording: (4|8) bytes/m);
  });

  it('refuses a recording of datagrams, and an empty one', async () => {
    const encoder = new CaptureEncoder();
    const datagrams = write('udp.cap', encoder.begin({ start: 0, datagrams: true }));
    expect(await runCommand(['simulate', datagrams])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/SCENARIO_INVALID udp\.cap: .*datagrams/),
    });
    const empty = write('serial.cap', new CaptureEncoder().begin({ start: 0, datagrams: false }));
    expect(await runCommand(['simulate', empty])).toMatchObject({ code: 2, stderr: expect.stringContaining('empty') });
  });

  it.each([
    [['simulate', 'no/such'], 'PROFILE_NOT_FOUND'],
    [['simulate', 'no-such.yaml'], 'FILE_NOT_READABLE'],
    [['simulate', 'gnss/generic-nmea', '--faults', 'flp=1'], 'USAGE fieldseal simulate: no fault "flp"'],
    [['simulate', 'gnss/generic-nmea', '--seconds', 'x'], 'USAGE'],
    [['simulate', 'gnss/generic-nmea', '--link', '/no/such/folder/link'], 'FILE_NOT_WRITABLE /no/such/folder/link'],
  ])('says what is wrong with %j', async (args, line) => {
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(2);
    expect(stderr).toContain(line);
  });

  it.each([
    ['an unknown key', 'devices: { a: { model: nmea, colour: red } }', /SCENARIO_INVALID .*lab\.yaml:1 .*colour/],
    ['an empty recording', 'devices: { a: { model: recording, file: lab.yaml.empty } }', /SCENARIO_INVALID .*empty/],
    ['a line that is none', 'devices: { a: { model: nmea, drive: { line: { type: Point } } } }', /SCENARIO_INVALID/],
  ])('refuses a scenario with %s', async (_name, text, line) => {
    write('lab.yaml.empty', '');
    const { code, stderr } = await runCommand(['simulate', write('lab.yaml', text)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
  });
});
