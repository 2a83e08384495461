import { describe, expect, it } from 'vitest';
import { GnssDevice, WEEK_ROLLOVER_MS } from '../../daemon/simulator/gnss-device.ts';
import { createReceiver, Track } from '../../daemon/simulator/index.ts';
import { nmeaSentence } from '../../daemon/simulator/nmea-sentence.ts';
import { ReceiverCommands } from '../../daemon/simulator/receiver-commands.ts';
import { UbxPayload } from '../../daemon/simulator/ubx-frame.ts';
import { converse, ofKind, START } from './conversation.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ack = (message: number) => hex(new UbxPayload(2).u1(message >> 8, message & 0xff).frame(0x05, 0x01));
const nak = (message: number) => hex(new UbxPayload(2).u1(message >> 8, message & 0xff).frame(0x05, 0x00));
const valset = (key: number, value: number) => new UbxPayload(10).u1(0, 1, 0, 0).u4(key).u2(value).frame(0x06, 0x8a);

function receiver(clock?: { afterMs: number; byMs: number }) {
  const track = new Track({ start: START, seed: 1 });
  return new GnssDevice({ receiver: createReceiver('ublox', 1, 1), track, rateHz: 1, clock });
}

describe('a simulated receiver', () => {
  it.each([
    ['UBX-CFG-VALSET of the rate', valset(0x3021_0001, 200), ack(0x068a), 200],
    ['UBX-CFG-VALSET of an impossible rate', valset(0x3021_0001, 1), nak(0x068a), 1_000],
    [
      'UBX-CFG-VALSET of half a value',
      new UbxPayload(8).u1(0, 1, 0, 0).u4(0x3021_0001).frame(0x06, 0x8a),
      nak(0x068a),
      1_000,
    ],
    ['UBX-CFG-RATE', new UbxPayload(6).u2(500, 1, 0).frame(0x06, 0x08), ack(0x0608), 500],
    ['UBX-CFG-MSG', new UbxPayload(3).u1(1, 7, 1).frame(0x06, 0x01), ack(0x0601), 1_000],
    ['UBX-CFG-PRT', new UbxPayload(20).reserved(20).frame(0x06, 0x00), ack(0x0600), 1_000],
    ['a configuration message that it lacks', new UbxPayload(1).u1(0).frame(0x06, 0x77), nak(0x0677), 1_000],
    ['PMTK220', nmeaSentence('PMTK220,100'), hex(nmeaSentence('PMTK001,220,3')), 100],
    ['PAIR050', nmeaSentence('PAIR050,250'), hex(nmeaSentence('PAIR001,050,0')), 250],
    ['PQTMSAVEPAR', nmeaSentence('PQTMSAVEPAR'), hex(nmeaSentence('PQTMSAVEPAR,OK')), 1_000],
    ['a sentence with a wrong checksum', Buffer.from('$PMTK220,100*00\r\n'), '', 1_000],
    [
      'a frame with a wrong checksum',
      valset(0x3021_0001, 200).map((byte, at) => (at === 10 ? byte ^ 1 : byte)),
      '',
      1_000,
    ],
  ])('answers and obeys %s', (_name, command, answer, periodMs) => {
    const commands = new ReceiverCommands(1_000);
    expect(hex(commands.take(command))).toBe(answer);
    expect(commands.periodMs).toBe(periodMs);
  });

  it('takes commands in any pieces, with garbage between', () => {
    const commands = new ReceiverCommands(1_000);
    const bytes = Buffer.concat([Uint8Array.of(1, 0xb5, 2), valset(0x3021_0001, 200), nmeaSentence('PMTK220,100')]);
    const answers = [...bytes].map((byte) => hex(commands.take(Uint8Array.of(byte)))).join('');
    expect(answers).toBe(ack(0x068a) + hex(nmeaSentence('PMTK001,220,3')));
  });

  it('leaves out the messages that it was told to, until it is switched off', () => {
    const device = receiver();
    const names = () => {
      const { stats } = converse({ periodMs: 1_000, epoch: (ms, index) => device.epoch(ms, index) }, 'gnss', {
        seconds: 4,
      });
      return Object.keys(stats.messages);
    };
    expect(names()).toContain('NAV-SAT');
    device.answer(new UbxPayload(3).u1(0x01, 0x35, 0).frame(0x06, 0x01));
    expect(names()).not.toContain('NAV-SAT');
    expect(names()).toContain('NAV-PVT');
    device.reset();
    expect(names()).toContain('NAV-SAT');
  });

  it('is configured by the daemon, and obeys', () => {
    const configure = { ubx: { 'CFG-RATE-MEAS': 200, 'CFG-MSGOUT-UBX_NAV_SAT_UART1': 0 } };
    const device = receiver();
    const { stats } = converse(device, 'gnss', { seconds: 10, configure });
    expect(stats.configured).toBe('done');
    expect(device.periodMs).toBe(200);
    expect(stats.messages['NAV-SAT'] ?? 0).toBeLessThanOrEqual(1);
  });

  it('that never acknowledges is read all the same', () => {
    const configure = { ubx: { 'CFG-RATE-MEAS': 200 } };
    const { observations, stats } = converse(receiver(), 'gnss', { seconds: 20, configure, deaf: true });
    expect(stats.configured).toBe('failed');
    expect(ofKind(observations, 'gnss.fix').length).toBeGreaterThanOrEqual(19);
  });

  it.each([
    ['jumps is read as it says', -7_200_000, 1_000 - 7_200_000],
    ['is a roll-over of the GPS week off is read aright', WEEK_ROLLOVER_MS, 1_000],
  ])('whose clock %s', (_name, byMs, step) => {
    const device = receiver({ afterMs: 5_000, byMs });
    const said = Buffer.from(device.epoch(5_000, 5)).readUInt16LE(10);
    expect(said).toBe(new Date(START + 5_000 + byMs).getUTCFullYear());
    const { observations } = converse(receiver({ afterMs: 5_000, byMs }), 'gnss', { seconds: 10 });
    const times = ofKind(observations, 'gnss.fix').map(({ fields }) => ('time' in fields ? Number(fields.time) : 0));
    expect((times[5] ?? 0) - (times[4] ?? 0)).toBe(step);
  });
});
