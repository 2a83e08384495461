import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askChrony, parseTracking, trackingRequest } from '../../daemon/clock/chrony.ts';
import { askNtp } from '../../daemon/clock/host.ts';
import { linuxHost } from '../../daemon/clock/index.ts';
import { readRtc } from '../../daemon/clock/rtc.ts';
import { lastTimesync } from '../../daemon/clock/timesyncd.ts';
import { freeUdpPort } from '../support/free-port.ts';
import { Chronyd, HAS_CHRONYD } from './chronyd.ts';

describe.skipIf(!HAS_CHRONYD)(`chronyd${HAS_CHRONYD ? '' : ' (skipped: not installed, or not root)'}`, () => {
  let server: Chronyd;
  let client: Chronyd;
  beforeAll(async () => {
    server = await Chronyd.start(['port OWN', 'local stratum 3', 'allow 127.0.0.1'], /Disabled control/);
    const source = `server 127.0.0.1 port ${server.ntpPort} iburst minpoll -2 maxpoll 0`;
    client = await Chronyd.start(['port 0', source], /Selected source/);
  });
  afterAll(async () => {
    await client?.stop();
    await server?.stop();
  });

  it('that has a server vouches for the time, with its error', async () => {
    await vi.waitFor(async () => expect(await askChrony(client.commandPort)).toMatchObject({ synchronised: true }));
    const tracking = await askChrony(client.commandPort);
    expect(tracking).toMatchObject({ stratum: 4 });
    expect(tracking?.maxErrorMs).toBeGreaterThan(0);
    expect(tracking?.maxErrorMs).toBeLessThan(5_000);
    expect(Math.abs((tracking?.referenceTime ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('is whom the clock asks first', async () => {
    const places = { chronyPort: client.commandPort, timesyncFile: '/nowhere' };
    const report = await askNtp('auto', places);
    expect(report).toMatchObject({ client: 'chrony' });
    expect(report?.uncertaintyMs).toBeLessThan(5_000);
    expect(await askNtp('timesyncd', places)).toBeUndefined();
    await vi.waitFor(async () => expect((await askNtp('chrony', places))?.measured).not.toBe(report?.measured));
    expect(await askNtp('auto', { ...places, chronyPort: server.commandPort })).toBeUndefined();
  });

  it('that takes its own clock for a reference vouches for nothing', async () => {
    expect(await askChrony(server.commandPort)).toMatchObject({ synchronised: false });
  });

  it('that has no server yet vouches for nothing', async () => {
    const lonely = await Chronyd.start(['port 0'], /Disabled control/);
    await vi.waitFor(async () => expect(await askChrony(lonely.commandPort)).toMatchObject({ synchronised: false }));
    await lonely.stop();
  });
});

describe('a port for chronyd', () => {
  it('where nobody listens answers at once that there is nobody', async () => {
    const begun = performance.now();
    expect(await askChrony(await freeUdpPort())).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('that never answers is given up, at once when told to stop', async () => {
    const mute = createSocket('udp4').bind(0, '127.0.0.1');
    await once(mute, 'listening');
    const stop = new AbortController();
    const asked = askChrony(mute.address().port, stop.signal);
    await once(mute, 'message');
    stop.abort();
    expect(await asked).toBeUndefined();
    expect(await askChrony(mute.address().port, stop.signal)).toBeUndefined();
    expect(await askChrony(mute.address().port)).toBeUndefined();
    mute.close();
  });
});

describe('an answer of chronyd', () => {
  const answer = Buffer.from(
    '060200000021000500000000000000000000002a0000000000000000' +
      '7f0000010000000000000000000000000000000000000000' +
      '00040000' +
      '000000006b00f4d80eb9ac00' +
      'd2c0a2f6' +
      '00000000'.repeat(5) +
      'e2a92aa0' +
      'df9b2f5a' +
      '00000000',
    'hex',
  );

  it('is read', () => {
    const tracking = parseTracking(answer, 42);
    expect(tracking).toMatchObject({ synchronised: true, stratum: 4, referenceTime: 0x6b00f4d8 * 1_000 + 247.049_216 });
    expect(tracking?.maxErrorMs).toBeCloseTo(0.006_5, 1);
  });

  it.each<[string, (bytes: Buffer) => number]>([
    ['of another version', (bytes) => bytes.writeUInt8(5, 0)],
    ['that is a question', (bytes) => bytes.writeUInt8(1, 1)],
    ['to another question', (bytes) => bytes.writeUInt32BE(43, 16)],
    ['with a refusal', (bytes) => bytes.writeUInt16BE(2, 8)],
    ['of another kind', (bytes) => bytes.writeUInt16BE(1, 6)],
  ])('%s is none', (_, spoil) => {
    const bytes = Buffer.from(answer);
    spoil(bytes);
    expect(parseTracking(bytes, 42)).toBeUndefined();
  });

  it('cut short is none', () => {
    expect(parseTracking(answer.subarray(0, -1), 42)).toBeUndefined();
  });

  it.each<[string, (bytes: Buffer) => number]>([
    ['without synchronisation', (bytes) => bytes.writeUInt16BE(3, 54)],
    ['of its own clock', (bytes) => bytes.writeUInt32BE(0x7f7f0101, 28)],
    ['of no reference', (bytes) => bytes.writeUInt32BE(0, 28)],
  ])('%s vouches for nothing', (_, spoil) => {
    const bytes = Buffer.from(answer);
    spoil(bytes);
    expect(parseTracking(bytes, 42)?.synchronised).toBe(false);
  });

  it('is as long as the question, which chronyd demands', () => {
    expect(trackingRequest(42)).toHaveLength(answer.length);
  });
});

describe('the host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldseal-clock-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('tells when timesyncd synchronised, if it did', async () => {
    const file = join(folder, 'synchronized');
    expect(await lastTimesync(file)).toBeUndefined();
    writeFileSync(file, '');
    utimesSync(file, 1_795_000_000, 1_795_000_000);
    expect(await lastTimesync(file)).toBe(1_795_000_000_000);
    const places = { chronyPort: await freeUdpPort(), timesyncFile: file };
    const report = await askNtp('auto', places);
    expect(report).toMatchObject({ client: 'timesyncd', measured: 1_795_000_000_000 });
    expect(report?.uncertaintyMs).toBeGreaterThanOrEqual(1_000 + Math.max(0, Date.now() - 1_795_000_001_000) * 1e-4);
    expect(await askNtp('chrony', places)).toBeUndefined();
  });

  it.each([
    ['1795000000\n', 1_795_000_000_000],
    ['', undefined],
    ['-1\n', undefined],
  ])('reads %j of a battery-backed clock as %s', async (text, time) => {
    writeFileSync(join(folder, 'since_epoch'), text);
    expect(await readRtc(folder)).toBe(time);
    expect(await readRtc(join(folder, 'nothing'))).toBeUndefined();
  });

  it('vouches for its clock on the word of the operator alone where told so', async () => {
    expect(await linuxHost.ntp('none')).toBeUndefined();
    expect(await linuxHost.ntp('host')).toMatchObject({ client: 'host', uncertaintyMs: 1_000 });
  });

  it('has slept for a time that does not change while it is awake', () => {
    expect(Math.abs(linuxHost.suspendedMs() - linuxHost.suspendedMs())).toBeLessThan(100);
  });
});
