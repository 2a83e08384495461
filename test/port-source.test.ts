import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../daemon/clock/index.ts';
import type { PortConfig } from '../daemon/config/index.ts';
import { listSegments } from '../daemon/evidence/index.ts';
import { decoderOptions, PortSource, portOptions } from '../daemon/port-source.ts';
import { type DeviceProfile, loadProfile, SHIPPED_PROFILES } from '../daemon/profiles/index.ts';
import { draftProof, publicKeyToJson } from '../daemon/proof/index.ts';
import type { DecoderOptions } from '../daemon/protocols/index.ts';
import { checkRanges, type Reading } from '../daemon/readings/index.ts';
import { VirtualPort } from '../daemon/simulator/virtual-port.ts';
import { SOFTWARE } from '../daemon/version.ts';
import { createDecoder } from './support/decoders.ts';
import { freeUdpPort } from './support/free-port.ts';
import { keptLog } from './support/kept-log.ts';
import { runCommand } from './support/run-command.ts';
import { testSigner } from './support/test-signer.ts';

let folder: string;
let generic: DeviceProfile;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-port-source-'));
  generic = await loadProfile('gnss/generic-nmea', [SHIPPED_PROFILES]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DRIVE = new URL('captures/gnss/nmea-multi-band-midnight.bin', import.meta.url).pathname;

function sourceOf(port: Omit<PortConfig, 'source' | 'profile'>, profile: DeviceProfile = generic) {
  const readings: Reading[] = [];
  const log = keptLog();
  const parts = {
    port: { source: 'gnss', profile: profile.id, ...port },
    profile,
    createDecoder: (options: DecoderOptions) => createDecoder({ name: profile.protocol }, options),
  };
  const source = new PortSource(parts, {
    onReading: (reading) => readings.push(reading),
    onLoss: () => {},
    clock: new Clock(),
    log,
  });
  return { source, readings, log };
}

const REFUSED = 'the device did not take its configuration';

describe('a configured port', () => {
  it('counts readings that are not plausible, and keeps them', async () => {
    const all = sourceOf({ path: `file:${DRIVE}` });
    await all.source.run(new AbortController().signal);
    const fixes = all.readings.filter(({ kind }) => kind === 'gnss.fix').length;
    expect(fixes).toBeGreaterThan(5);
    expect(all.source.status().implausible).toBe(0);
    const bounded = sourceOf(
      { path: `file:${DRIVE}` },
      { ...generic, plausible: { 'gnss.fix': { lat: { max: -89 } } } },
    );
    await bounded.source.run(new AbortController().signal);
    expect(bounded.source.status().implausible).toBeGreaterThan(0);
    expect(bounded.readings).toHaveLength(all.readings.length);
  });

  it('seals the hash of its raw bytes, which an auditor can check', async () => {
    const evidence = { directory: join(folder, 'evidence'), maxBytes: 1_000_000, every: 60_000 };
    const { source, readings } = sourceOf({ path: `file:${DRIVE}`, evidence });
    await source.run(new AbortController().signal);
    const bytes = readFileSync(DRIVE);
    const last = readings.at(-1);
    if (last?.kind !== 'source.evidence') throw new Error('no evidence');
    expect(last.fields).toEqual({
      from: 0,
      offset: bytes.length,
      sha256: new Uint8Array(createHash('sha256').update(bytes).digest()),
    });
    expect(checkRanges(last.kind, last.fields)).toEqual([]);
    expect(source.status()).toMatchObject({ readings: { 'source.evidence': 1 }, evidenceLostBytes: 0 });

    const signer = testSigner();
    const draft = draftProof({
      publicKey: signer.publicKey,
      previous: { epoch: new Uint8Array(16) },
      readings,
      sources: [{ source: 'gnss', profile: generic.id, profileDigest: generic.digest }],
      clock: { source: 'none', uncertaintyMs: 0, bootId: new Uint8Array(16), sinceBootMs: 1 },
      losses: [],
      software: SOFTWARE,
      now: 1,
    });
    const proof = join(folder, 'proof.cose');
    const key = join(folder, 'key.json');
    writeFileSync(proof, draft.finish(await signer.sign(draft.digest)));
    writeFileSync(key, JSON.stringify(publicKeyToJson(signer.publicKey)));
    const verify = () =>
      runCommand(['verify-evidence', join(evidence.directory, 'gnss'), '--key', key, '--proof', proof]);
    const good = await verify();
    expect(JSON.parse(good.stdout)).toMatchObject({ source: 'gnss', from: 0, offset: bytes.length, state: 'same' });
    expect(good.code).toBe(0);
    const [segment] = await listSegments(join(evidence.directory, 'gnss'));
    if (segment === undefined) throw new Error('no segment');
    const forged = readFileSync(segment.path);
    forged[100] = (forged[100] ?? 0) ^ 1;
    writeFileSync(segment.path, forged);
    const bad = await verify();
    expect([bad.code, JSON.parse(bad.stdout).state]).toEqual([1, 'changed']);
    rmSync(segment.path);
    const gone = await verify();
    expect([gone.code, JSON.parse(gone.stdout).state]).toEqual([1, 'gone']);
  });

  it('does not start where its evidence has no place', async () => {
    writeFileSync(join(folder, 'file'), '');
    const evidence = { directory: join(folder, 'file'), maxBytes: 1_000_000, every: 60_000 };
    const { source } = sourceOf({ path: `file:${DRIVE}`, evidence });
    await expect(source.run(new AbortController().signal)).rejects.toMatchObject({ code: 'FILE_NOT_WRITABLE' });
  });

  it('tells its device what the profile says, at each opening', async () => {
    let heard = '';
    const device = new VirtualPort('receiver', (bytes) => {
      heard += Buffer.from(bytes).toString('latin1');
    });
    const profile = { ...generic, configure: { nmea: ['PMTK220,100'] } };
    const { source } = sourceOf({ path: device.open() }, profile);
    const stop = new AbortController();
    const running = source.run(stop.signal);
    await vi.waitFor(
      () => {
        device.write(Buffer.from('$PMTK010,002*2D\r\n'));
        expect(heard).toContain('$PMTK220,100*2F\r\n');
      },
      { timeout: 10_000 },
    );
    device.write(Buffer.from('$PMTK001,220,3*30\r\n'));
    await vi.waitFor(() => expect(source.status()).toMatchObject({ configured: 'done', sent: heard.length }));
    stop.abort();
    await running;
    device.close();
  });

  it('says once, by name, what its device refuses, and reads on', async () => {
    const device = new VirtualPort('receiver', (bytes) => {
      // PMTK001: command 220 is not supported.
      if (Buffer.from(bytes).includes('PMTK220')) device.write(Buffer.from('$PMTK001,220,1*32\r\n'));
    });
    const profile = { ...generic, configure: { nmea: ['PMTK220,100'] } };
    const { source, log } = sourceOf({ path: device.open() }, profile);
    const stop = new AbortController();
    const running = source.run(stop.signal);
    await vi.waitFor(
      () => {
        device.write(Buffer.from('$PMTK010,002*2D\r\n'));
        expect(source.status().configured).toBe('failed');
      },
      { timeout: 20_000, interval: 200 },
    );
    await vi.waitFor(() => expect(log.lines.map(({ phrase }) => phrase)).toContain(REFUSED));
    expect(log.lines.filter(({ phrase }) => phrase === REFUSED)).toMatchObject([
      { level: 'warn', fields: { refused: [expect.stringContaining('PMTK220')] } },
    ]);
    expect(source.status().state).toBe('running');
    stop.abort();
    await running;
    device.close();
  });

  it('answers whoever sends it datagrams, as the packet forwarder protocol has it', async () => {
    const radio: DeviceProfile = {
      ...generic,
      id: 'radio/hotspot',
      protocol: 'semtech-udp',
      readings: { 'lora.uplink': { every: 0 } },
    };
    const forwarder = createSocket('udp4');
    forwarder.bind(0, '127.0.0.1');
    await once(forwarder, 'listening');
    const port = await freeUdpPort();
    const { source, readings } = sourceOf({ path: `udp://127.0.0.1:${port}` }, radio);
    const stop = new AbortController();
    const running = source.run(stop.signal);
    // GWMP version 2: PUSH_DATA with a token, the gateway's EUI, and one packet that was heard.
    const packet = {
      tmst: 1,
      freq: 868.1,
      modu: 'LORA',
      datr: 'SF7BW125',
      codr: '4/5',
      rssi: -90,
      lsnr: 5,
      stat: 1,
      size: 4,
    };
    const push = Buffer.concat([
      Buffer.from('02123400aabbccddeeff0011', 'hex'),
      Buffer.from(JSON.stringify({ rxpk: [{ ...packet, data: 'AQIDBA==' }] })),
    ]);
    const answer = once(forwarder, 'message');
    const talk = setInterval(() => forwarder.send(push, port, '127.0.0.1'), 50);
    expect((await answer)[0].toString('hex')).toBe('02123401');
    clearInterval(talk);
    expect(readings[0]).toMatchObject({ kind: 'lora.uplink', source: 'gnss', fields: { frequency: 868_100_000 } });
    expect(source.status()).toMatchObject({ state: 'running', sendFailures: 0 });
    stop.abort();
    await running;
    forwarder.close();
  });

  it('is asked to transmit in vain where it is no radio', () => {
    const { source } = sourceOf({ path: '/dev/null' });
    const beacon = { payload: new Uint8Array(1), frequency: 868_100_000, spreadingFactor: 7, bandwidth: 125_000 };
    expect(source.transmit({ ...beacon, codingRate: 5, power: 14 })).toBe(false);
  });
});

describe('how a profile has a port opened', () => {
  const serial = { baudRates: [115_200], silence: 5_000 };
  const match = { usb: { vendorId: '1546', productId: '01a9' } };

  it.each([
    ['/dev/ttyUSB0', { serial, network: { silence: 60_000 } }, { baudRates: [115_200], silenceMs: 5_000 }],
    ['auto', { serial: { ...serial, match } }, { baudRates: [115_200], silenceMs: 5_000, match }],
    ['udp://:1', { serial, network: { silence: 60_000 } }, { baudRates: [115_200], silenceMs: 60_000 }],
    ['tcp://a:1', { serial }, { baudRates: [115_200], silenceMs: 5_000 }],
    ['udp://:1', { network: { silence: 60_000 } }, { baudRates: [9_600], silenceMs: 60_000 }],
  ])('%s with %j', (path, profile, expected) => {
    expect(portOptions(path, profile)).toEqual(expected);
  });

  it('does not speak to a recording', () => {
    let sent = 0;
    const profile = { ...generic, configure: { nmea: ['PMTK220,100'] } };
    const options = decoderOptions('file:x', profile, 0, () => {
      sent += 1;
    });
    const decoder = createDecoder({ name: profile.protocol }, options);
    decoder.opened?.(0);
    decoder.tick?.(2_000);
    expect([sent, decoder.stats.configured]).toEqual([0, undefined]);
  });
});

describe('fieldseal capture', () => {
  it('records a port with its timings, and what it records is played and decoded as the port was', async () => {
    const file = join(folder, 'drive.capture');
    const args = ['capture', `file:${DRIVE}?rate=200000`, '--profile', 'gnss/generic-nmea', '--out', file];
    const { code, stdout } = await runCommand(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file, bytes: readFileSync(DRIVE).length });
    const decode = (path: string) =>
      runCommand(['decode', '--protocol', 'gnss', '--reference-date', '2026-05-01', '--stats', path]);
    expect(await decode(file)).toEqual(await decode(DRIVE));
    const again = await runCommand(args);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('FILE_NOT_WRITABLE')]);
  });

  it('keeps datagrams apart, and ends after so long', async () => {
    const port = await freeUdpPort();
    const file = join(folder, 'udp.capture');
    const capturing = runCommand(['capture', `udp://127.0.0.1:${port}`, '--out', file, '--seconds', '1']);
    const sender = createSocket('udp4');
    const talk = setInterval(() => sender.send('datagram', port, '127.0.0.1'), 50);
    const { code, stdout } = await capturing;
    clearInterval(talk);
    sender.close();
    expect(code).toBe(0);
    const { bytes, chunks, seconds } = JSON.parse(stdout);
    expect(bytes).toBe(chunks * 8);
    expect(seconds).toBeGreaterThanOrEqual(0.99);
    expect(readFileSync(file, 'latin1')).toContain('"datagrams":true');
  });

  it.each([
    [['--seconds', '0.1'], 1, ''],
    [['--baud', '9600', '--profile', 'gnss/generic-nmea'], 2, 'USAGE'],
    [['--seconds', '-1'], 2, 'USAGE'],
    [['--profile', 'gnss/nothing'], 2, 'PROFILE_NOT_FOUND'],
  ])('with %j ends with %i', async (more, expected, said) => {
    const args = ['capture', '/nowhere/tty', '--out', join(folder, 'x'), '--log', 'silent', ...more];
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(expected);
    expect(stderr).toContain(said);
  });
});
