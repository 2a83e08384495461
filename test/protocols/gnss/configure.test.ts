import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findKey, sizeOf } from '../../../daemon/protocols/gnss/configure/keys.ts';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import { gnss } from '../../../daemon/protocols/gnss/index.ts';
import type { DeviceConfiguration } from '../../../daemon/protocols/index.ts';
import { REFERENCE } from './decode.ts';
import { bytes, nmea, ubx } from './encode.ts';

const START = REFERENCE;
const FRAME = nmea('GPVTG,,,,,,,,,N');

/** A port with a device at its other end: what it is told, in hexadecimal or as text, and what it answers. */
class Line {
  readonly sent: string[] = [];
  readonly decoder: GnssDecoder;
  readonly #answers: (message: Buffer, count: number) => Uint8Array | undefined;
  #pending: Uint8Array[] = [];
  #t = START;

  constructor(configure: DeviceConfiguration, answers: (message: Buffer, count: number) => Uint8Array | undefined) {
    this.#answers = answers;
    this.decoder = new GnssDecoder({ referenceTime: REFERENCE, configure, send: (message) => this.#take(message) });
  }

  #take(message: Uint8Array): void {
    const buffer = Buffer.from(message);
    this.sent.push(buffer[0] === 0xb5 ? buffer.toString('hex') : buffer.toString('latin1'));
    const answer = this.#answers(buffer, this.sent.length);
    if (answer !== undefined) this.#pending.push(answer);
  }

  open(): this {
    this.decoder.opened(this.#t);
    return this;
  }

  hear(...chunks: Uint8Array[]): this {
    for (const chunk of chunks) this.decoder.push(chunk, this.#t);
    for (;;) {
      const answer = this.#pending.shift();
      if (answer === undefined) return this;
      this.decoder.push(answer, this.#t);
    }
  }

  /** Time goes by in ticks of 250 ms; a device answers between them. */
  wait(ms: number): this {
    for (const until = this.#t + ms; this.#t < until; ) {
      this.#t += 250;
      this.decoder.tick(this.#t);
      this.hear();
    }
    return this;
  }

  get result(): readonly [state: string | undefined, failures: readonly string[] | undefined] {
    const { configured, configureFailures } = this.decoder.stats;
    return [configured, configureFailures];
  }
}

const ack = (message: Buffer): Uint8Array => ubx(0x05, 0x01, message.subarray(2, 4));
const nak = (message: Buffer): Uint8Array => ubx(0x05, 0x00, message.subarray(2, 4));
const silence = (): undefined => undefined;

/** What a configuration says on the wire to a device that acknowledges everything. */
function said(configure: DeviceConfiguration): string[] {
  return new Line(configure, (message) => (message[0] === 0xb5 ? ack(message) : undefined)).open().hear(FRAME).sent;
}

describe('a configuration on the wire', () => {
  const cases: readonly [name: string, configure: DeviceConfiguration, expected: readonly string[]][] = [
    [
      'UBX-CFG-VALSET of one key',
      { ubx: { 'CFG-MSGOUT-UBX_NAV_PVT_UART1': 1 } },
      ['b562068a09000001000007009120015348'],
    ],
    [
      'UBX-CFG-VALSET of every size',
      {
        ubx: {
          'CFG-SIGNAL-GLO_ENA': false,
          'CFG-RATE-MEAS': 100,
          'CFG-TMODE-LAT': -1,
          '0x50360006': '0x0102030405060708',
        },
      },
      [
        Buffer.from(
          ubx(0x06, 0x8a, Buffer.from('00010000250031100001002130640009000340ffffffff060036500807060504030201', 'hex')),
        ).toString('hex'),
      ],
    ],
    ['UBX-CFG-RATE', { ubxLegacy: { rateMs: 200 } }, ['b56206080600c80001000100de6a']],
    ['UBX-CFG-MSG', { ubxLegacy: { messages: { GLL: 0 } } }, ['b56206010300f00100fb11']],
    [
      'UBX-CFG-PRT, after all else',
      { ubxLegacy: { baudRate: 115_200, messages: { 'NAV-PVT': 1 } } },
      [
        Buffer.from(ubx(0x06, 0x01, [0x01, 0x07, 1])).toString('hex'),
        'b5620600140001000000d008000000c201000700030000000000c07e',
      ],
    ],
    [
      'sentences with their checksums',
      { nmea: ['PCAS02,1000', 'PUBX,40,GLL,0,0,0,0'] },
      ['$PCAS02,1000*2E\r\n', '$PUBX,40,GLL,0,0,0,0*5C\r\n'],
    ],
    ['PMTK', { nmea: ['PMTK220,100'] }, ['$PMTK220,100*2F\r\n']],
    ['lines as they are', { lines: ['GPGGA COM1 1'] }, ['GPGGA COM1 1\r\n']],
  ];

  it.each(cases)('%s', (_, configure, expected) => {
    expect(said(configure)).toEqual(expected);
  });

  it('is as few UBX-CFG-VALSET as hold it, the rate of the port by itself and last', () => {
    const keys = Array.from({ length: 70 }, (_, index) => [`0x2091${(0x1000 + index).toString(16)}`, 1]);
    const sent = said({ ubx: { 'CFG-UART1-BAUDRATE': 115_200, ...Object.fromEntries(keys) } });
    expect(sent.map((message) => (message.length / 2 - 12) / 5)).toEqual([64, 6, (4 + 4) / 5]);
    expect(sent[2]).toContain('01005240');
  });
});

describe('the keys of UBX-CFG-VALSET', () => {
  it.each([
    ['CFG-RATE-MEAS', 0x3021_0001, 2],
    ['CFG-RATE-NAV', 0x3021_0002, 2],
    ['CFG-NAVSPG-DYNMODEL', 0x2011_0021, 1],
    ['CFG-UART1-BAUDRATE', 0x4052_0001, 4],
    ['CFG-UART1OUTPROT-NMEA', 0x1074_0002, 1],
    ['CFG-UART2INPROT-RTCM3X', 0x1075_0004, 1],
    ['CFG-USBOUTPROT-RTCM3X', 0x1078_0004, 1],
    ['CFG-TMODE-SVIN_MIN_DUR', 0x4003_0010, 4],
    ['CFG-MSGOUT-NMEA_ID_GGA_UART1', 0x2091_00bb, 1],
    ['CFG-MSGOUT-NMEA_ID_GSV_I2C', 0x2091_00c4, 1],
    ['CFG-MSGOUT-UBX_NAV_SAT_USB', 0x2091_0018, 1],
    ['CFG-MSGOUT-UBX_MON_RF_UART1', 0x2091_035a, 1],
    ['CFG-MSGOUT-UBX_SEC_SIG_UART1', 0x2091_0635, 1],
    ['CFG-MSGOUT-UBX_ESF_MEAS_SPI', 0x2091_027b, 1],
    ['CFG-MSGOUT-RTCM_3X_TYPE1077_UART2', 0x2091_02ce, 1],
    ['CFG-MSGOUT-RTCM_3X_TYPE4072_0_UART1', 0x2091_02ff, 1],
    ['0x40520001', 0x4052_0001, 4],
  ])('%s', (name, key, size) => {
    expect(findKey(name)).toBe(key);
    expect(sizeOf(key)).toBe(size);
  });

  it.each([
    'CFG-RATE-FOO',
    'CFG-MSGOUT-UBX_NAV_PVT',
    'CFG-MSGOUT-UBX_NAV_PVT_UART3',
    'CFG-MSGOUT-toString_UART1',
    'CFG-constructor-name',
    'RATE-MEAS',
    '0x0',
    '0x00000001',
    '0x90000001',
    '',
  ])('are not %j', (name) => {
    expect(findKey(name)).toBeUndefined();
  });
});

describe('what cannot be told', () => {
  it.each([
    [{ ubx: { 'CFG-RATE-FOO': 1 } }, ['CFG-RATE-FOO: no such key']],
    [{ ubx: { 'CFG-RATE-MEAS': 65_536 } }, ['CFG-RATE-MEAS: 65536 is no value of it']],
    [{ ubx: { 'CFG-RATE-MEAS': 1.5 } }, ['CFG-RATE-MEAS: 1.5 is no value of it']],
    [{ ubx: { 'CFG-RATE-MEAS': 'fast' } }, ['CFG-RATE-MEAS: fast is no value of it']],
    [{ ubx: { 'CFG-SIGNAL-GPS_ENA': 2 } }, ['CFG-SIGNAL-GPS_ENA: 2 is no value of it']],
    [
      { ubxLegacy: { messages: { 'NAV-FOO': 1, GGA: 256 }, rateMs: 1, baudRate: 1 } },
      ['NAV-FOO: no such message', 'GGA: 256 epochs', 'rateMs: 1', 'baudRate: 1'],
    ],
    [
      { nmea: ['GPGGA,1', 'PMTK220,100*2F', 'PMTK220,1\r\n'] },
      [
        'GPGGA,1: no proprietary sentence',
        'PMTK220,100*2F: no proprietary sentence',
        'PMTK220,1\r\n: no proprietary sentence',
      ],
    ],
    [{ lines: ['MODE BASE\n', ''] }, ['MODE BASE\n: no line of text', ': no line of text']],
  ] satisfies [DeviceConfiguration, string[]][])('%j', (configure, problems) => {
    expect(gnss.checkConfiguration?.(configure)).toEqual(problems);
    expect(new Line(configure, ack).open().hear(FRAME).result).toEqual(['failed', problems]);
  });
});

describe('a device that is configured', () => {
  const two: DeviceConfiguration = { ubxLegacy: { rateMs: 200, messages: { GLL: 0 } } };

  it('is pending until it has acknowledged all of it', () => {
    const line = new Line(two, silence).open();
    expect(line.result).toEqual(['pending', []]);
    line.hear(FRAME);
    expect(line.sent.length).toBe(1);
    line.hear(ubx(0x05, 0x01, [0x06, 0x01]));
    expect(line.sent.length).toBe(2);
    expect(line.result).toEqual(['pending', []]);
    expect(line.hear(ubx(0x05, 0x01, [0x06, 0x08])).result).toEqual(['done', []]);
  });

  it('is told once it is heard, or after a second of silence', () => {
    expect(new Line(two, ack).open().sent).toEqual([]);
    expect(new Line(two, ack).open().wait(750).sent).toEqual([]);
    expect(new Line(two, ack).open().wait(1_000).result).toEqual(['done', []]);
  });

  it('is told again when the line is opened again', () => {
    const line = new Line(two, ack).open().hear(FRAME);
    expect(line.open().result).toEqual(['pending', []]);
    expect(line.hear(FRAME).result).toEqual(['done', []]);
    expect(line.sent.length).toBe(4);
  });

  it('may refuse a part', () => {
    const line = new Line(two, (message) => (message[3] === 0x01 ? nak(message) : ack(message)));
    expect(line.open().hear(FRAME).result).toEqual(['failed', ['CFG-MSG GLL: refused']]);
    expect(line.sent.length).toBe(2);
  });

  it('that refuses a set of keys is asked which one it does not like', () => {
    const bad = Buffer.from('01002130', 'hex');
    const line = new Line({ ubx: { 'CFG-SIGNAL-GLO_ENA': true, 'CFG-RATE-MEAS': 100 } }, (message) =>
      message.includes(bad) ? nak(message) : ack(message),
    );
    expect(line.open().hear(FRAME).result).toEqual(['failed', ['CFG-RATE-MEAS: refused']]);
    expect(line.sent.length).toBe(3);
  });

  it('is told three times more where it does not answer, and is read all the while', () => {
    const line = new Line({ ubxLegacy: { rateMs: 200 } }, silence).open().hear(FRAME);
    line.wait(3_000);
    expect(line.sent.length).toBe(4);
    expect(line.result).toEqual(['pending', []]);
    expect(line.wait(1_000).result).toEqual(['failed', ['CFG-RATE: not acknowledged']]);
    expect(line.hear(FRAME).sent.length).toBe(4);
    expect(line.decoder.stats.messages).toMatchObject({ VTG: 2 });
  });

  it('that answers late does not acknowledge what comes next', () => {
    const line = new Line(two, silence).open().hear(FRAME).wait(1_000);
    expect(line.sent.length).toBe(2);
    const late = ubx(0x05, 0x01, [0x06, 0x01]);
    line.hear(late, late);
    expect(line.sent.length).toBe(2);
    expect(line.wait(500).sent.length).toBe(3);
  });

  it('is not taken to have answered by what is about something else', () => {
    const line = new Line({ ubxLegacy: { rateMs: 200 } }, silence).open().hear(FRAME);
    line.hear(ubx(0x05, 0x01, [0x06, 0x01]), ubx(0x05, 0x01, [0x06]), ubx(0x06, 0x08, []), nmea('PMTK001,8,3'), FRAME);
    expect(line.result).toEqual(['pending', []]);
  });

  it.each([
    ['PMTK220,100', ['PMTK001,220,3'], ['done', []]],
    ['PMTK220,100', ['PMTK001,314,3', 'PMTK001,220,1'], ['failed', ['PMTK220,100: refused']]],
    ['PMTK101', [], ['done', []]],
    ['PMTK251,115200', [], ['done', []]],
    ['PAIR050,1000', ['PAIR001,050,0'], ['done', []]],
    ['PAIR050,1000', ['PAIR001,050,1'], ['pending', []]],
    ['PAIR050,1000', ['PAIR001,050,1', 'PAIR001,050,0'], ['done', []]],
    ['PAIR050,1000', ['PAIR001,050,4'], ['failed', ['PAIR050,1000: refused']]],
    ['PQTMCFGMSGRATE,W,GGA,1', ['PQTMCFGMSGRATE,OK'], ['done', []]],
    ['PQTMCFGMSGRATE,W,GGA,1', ['PQTMCFGMSGRATE,ERROR,1'], ['failed', ['PQTMCFGMSGRATE,W,GGA,1: refused']]],
    ['PQTMVERNO', ['PQTMVERNO,LC29H,2023/02/10,09:45:10'], ['done', []]],
    ['PQTMSRR', [], ['done', []]],
    ['PCAS02,100', [], ['done', []]],
  ])('by %s, answers %j', (command, answers, expected) => {
    const line = new Line({ nmea: [command] }, silence).open().hear(FRAME, ...answers.map((answer) => nmea(answer)));
    expect(line.result).toEqual(expected);
  });

  it('that is busy is asked again', () => {
    const line = new Line({ nmea: ['PAIR050,1000'] }, (_, count) => nmea(`PAIR001,050,${count < 3 ? 5 : 0}`));
    expect(line.open().hear(FRAME).wait(3_000).result).toEqual(['done', []]);
    expect(line.sent.length).toBe(3);
  });

  it.each([
    ['$command,CONFIG CMDFORMAT 1,response: OK*08\r\n', 'CONFIG CMDFORMAT 1', ['done', []]],
    ['$command,UNLOG,response: PARSING FAILD NO MATCHING FUNC  UNLOG*', 'UNLOG', ['failed', ['UNLOG: refused']]],
  ])('as a Unicore receiver answers %j', (answer, command, expected) => {
    const whole = answer.endsWith('*') ? nmea(answer.slice(1, -1)) : bytes(answer);
    expect(new Line({ lines: [command] }, () => whole).open().hear(FRAME).result).toEqual(expected);
  });

  it('has no state where nothing is to be told, or nobody is there', () => {
    expect(new GnssDecoder({ referenceTime: REFERENCE, send: () => undefined }).stats).not.toHaveProperty('configured');
    expect(new GnssDecoder({ referenceTime: REFERENCE, configure: two }).stats).not.toHaveProperty('configured');
  });

  it('comes to an end, whatever it answers', () => {
    const answer = fc.constantFrom(
      ubx(0x05, 0x01, [0x06, 0x8a]),
      ubx(0x05, 0x00, [0x06, 0x8a]),
      ubx(0x05, 0x00, [0x06, 0x01]),
      nmea('PAIR001,050,0'),
      nmea('PAIR001,050,3'),
      nmea('PAIR001,050,5'),
      FRAME,
      undefined,
    );
    const all: DeviceConfiguration = {
      nmea: ['PAIR050,1000', 'PCAS02,100'],
      ubxLegacy: { messages: { GLL: 0 } },
      ubx: { 'CFG-RATE-MEAS': 100, 'CFG-RATE-NAV': 1, 'CFG-UART1-BAUDRATE': 9_600 },
    };
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
        const line = new Line(all, (_, count) => answers[count - 1]).open().hear(FRAME).wait(60_000);
        expect(line.result[0]).not.toBe('pending');
        expect(line.sent.length).toBeLessThanOrEqual(6 * 4 + 1);
      }),
      { numRuns: 200 },
    );
  });
});
