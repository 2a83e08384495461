import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createReceiver, Track } from '../../daemon/simulator/index.ts';
import { CORPORA, damage } from '../protocols/gnss/corpora.ts';
import { runCommand, slowReader, startCommand } from '../support/run-command.ts';

const START = Date.UTC(2026, 3, 30, 23, 59, 30);
const CHUNKS = ['1', '7', '64', '4096'];

function drive(model: 'nmea' | 'ublox', rateHz: number, epochs: number): Uint8Array {
  const track = new Track({ start: START, seed: 3 });
  const receiver = createReceiver(model, rateHz, 3);
  const parts = Array.from({ length: epochs }, (_, index) => {
    const ms = (index * 1_000) / rateHz;
    return receiver.epoch(track.at(ms), ms, index);
  });
  return Buffer.concat(parts);
}

const decode = (stdin: Uint8Array, ...options: string[]) =>
  runCommand(['decode', '--protocol', 'gnss', '--reference-date', '2026-05-01', ...options, '-'], { stdin });

const streams: [string, Uint8Array][] = [
  ['NMEA receiver', drive('nmea', 1, 60)],
  ['u-blox receiver', drive('ublox', 10, 200)],
  ['damaged u-blox stream', damage(drive('ublox', 10, 200), 0.01, 4)],
];

describe('fieldseal decode prints the same for chunks of 1, 7, 64 and 4096 bytes', () => {
  it.each(streams)('of a simulated %s', async (_, bytes) => {
    const whole = await decode(bytes, '--stats');
    expect(whole.code).toBe(0);
    expect(whole.stdout.trim().split('\n').length).toBeGreaterThan(30);
    for (const chunk of CHUNKS) expect(await decode(bytes, '--stats', '--chunk', chunk)).toEqual(whole);
  });

  const folder = join(CORPORA, 'gpsd');
  const has = existsSync(folder);
  it.skipIf(!has)(
    `of every recording${has ? '' : ' (skipped: they are not here)'}`,
    async () => {
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.bin'))) {
        const args = ['decode', '--protocol', 'gnss', '--reference-date', '2020-01-01', '--stats', join(folder, name)];
        const whole = await runCommand(args);
        for (const chunk of ['1', '4096']) expect(await runCommand([...args, '--chunk', chunk]), name).toEqual(whole);
      }
    },
    60_000,
  );
});

describe('fieldseal decode', () => {
  const drove = drive('ublox', 10, 100);

  it('ends standard error with one JSON line of counts, where asked', async () => {
    const { stderr } = await decode(drove, '--stats');
    const stats = JSON.parse(stderr);
    expect(stats.bytes).toBe(drove.length);
    expect(Object.keys(stats.frames)).toEqual(['nmea', 'ubx', 'rtcm3']);
    expect(stats.frames.ubx).toBeGreaterThan(100);
    expect(stats.noise).toEqual({});
    expect((await decode(drove)).stderr).toBe('');
  });

  it('answers to nothing with nothing', async () => {
    const { code, stdout, stderr } = await decode(new Uint8Array(0), '--stats');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ bytes: 0, frames: { nmea: 0, ubx: 0, rtcm3: 0 } });
  });

  it('waits for a slow reader', async () => {
    const { sink, text } = slowReader();
    const args = ['decode', '--protocol', 'gnss', '--reference-date', '2026-05-01', '-'];
    const { code } = await runCommand(args, { stdin: drove, stdout: sink });
    expect(code).toBe(0);
    expect(sink.writableLength).toBeLessThan(100_000);
    const whole = await decode(drove);
    while (text().length < whole.stdout.length) await new Promise((resolve) => setImmediate(resolve));
    expect(text()).toBe(whole.stdout);
  });

  it('ends when it is told to stop, with what it has so far', async () => {
    const silent = new PassThrough();
    silent.write(drove);
    const running = startCommand(['decode', '--protocol', 'gnss', '--stats', '-'], { stdin: silent });
    await new Promise((resolve) => setImmediate(resolve));
    running.stop();
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stderr).bytes).toBeLessThanOrEqual(drove.length);
  });

  it('reads a file as it reads standard input', async () => {
    const file = new URL('../captures/gnss/ubx-pvt-10hz.bin', import.meta.url).pathname;
    const args = ['decode', '--protocol', 'gnss', '--reference-date', '2026-05-01', '--stats', file];
    expect(await runCommand(args)).toEqual(await decode(readFileSync(file), '--stats'));
  });
});
