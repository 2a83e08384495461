import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LINE } from '../../../daemon/protocols/at/lines.ts';
import { atModem } from '../../../daemon/protocols/cellular/index.ts';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { randomBytes } from '../gnss/corpora.ts';
import { answer, FakeModem, json, listen } from './modem.ts';

const ANSWERS = {
  'AT+CGMM': ['EC25'],
  'AT+CREG?': ['+CREG: 2,1,"DE10","5F1EA15",7'],
  'AT+CEREG?': ['+CEREG: 2,5,"DE10","5F1EA15",7'],
  'AT+COPS=3,0': [],
  'AT+CSQ': ['+CSQ: 22,99'],
  'AT+CESQ': ['+CESQ: 99,99,255,255,15,39'],
  'AT+COPS?': ['+COPS: 0,0,"Sunrise",7'],
  'AT+QENG="servingcell"': [
    '+QENG: "servingcell","NOCONN","LTE","FDD",460,01,5F1EA15,12,1650,3,5,5,DE10,-100,-12,-68,11,0,-32768,27',
  ],
  'AT+QENG="neighbourcell"': [
    '+QENG: "neighbourcell intra","LTE",1650,276,-3,-88,-65,0,37,7,16,6,44',
    '+QENG: "neighbourcell intra","LTE",1650,277,-9,-98,-75,0,37,7,16,6,44',
  ],
};

const SETTINGS = { dialect: 'quectel', interval: 10_000 };

describe('a modem that is asked', () => {
  it('is set up once, and each round of questions makes one serving cell and its neighbours', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.open(1_000);
    expect(modem.observations.map(json)).toMatchObject([
      {
        ...{ kind: 'cell.serving', rat: 3, registration: 5, operator: 'Sunrise', modem: 'EC25', mcc: 460, mnc: '01' },
        ...{ cellId: 0x5f1ea15, tac: 0xde10, rsrp: -100, rsrq: -12, rssi: -68 },
      },
      { kind: 'cell.neighbour', pci: 276 },
      { kind: 'cell.neighbour', pci: 277 },
    ]);
    modem.tick(5_000);
    expect(modem.observations).toHaveLength(3);
    modem.tick(11_000);
    expect(modem.observations).toHaveLength(6);
    expect(modem.commands.filter((command) => command === 'ATE0')).toHaveLength(1);
    expect(modem.commands.filter((command) => command === 'AT+CSQ')).toHaveLength(2);
  });

  it('is told the lines of its profile at each opening, each until it says OK', () => {
    const lines = ['AT+QCFG="nwscanmode",3', 'AT+QURCCFG="urcport","usbat"'];
    const modem = new FakeModem(SETTINGS, { ...ANSWERS, [lines[0]!]: [], [lines[1]!]: [] }, { lines });
    expect(modem.decoder.stats.configured).toBe('pending');
    modem.open(1_000);
    expect(modem.decoder.stats).toMatchObject({ configured: 'done', configureFailures: [] });
    modem.open(2_000);
    expect(modem.commands.filter((command) => lines.includes(command))).toEqual([...lines, ...lines]);
    expect(modem.observations).toHaveLength(6);
  });

  it('refuses a line four times: that is told, and its cells are read all the same', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS, { lines: ['AT+NOSUCH=1'] });
    modem.open(1_000);
    expect(modem.commands.filter((command) => command === 'AT+NOSUCH=1')).toHaveLength(4);
    expect(modem.decoder.stats).toMatchObject({
      configured: 'failed',
      configureFailures: [expect.stringMatching(/^AT\+NOSUCH=1: .*4/)],
    });
    expect(modem.observations).toHaveLength(3);
  });

  it.each([
    [{ lines: ['AT+CREG=2'] }, 0],
    [{ lines: ['PMTK220,100'] }, 1],
    [{ nmea: ['PMTK220,100'] }, 1],
  ])('can be told %j with %i problems', (configure, problems) => {
    expect(atModem.checkConfiguration?.(configure)).toHaveLength(problems);
  });

  it('may echo, refuse and interrupt', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.unsolicited = ['RING', '+QIND: "csq",22,99', '+CMTI: "SM",3', '^MODE: 5,4'];
    modem.open(0);
    expect(modem.observations).toHaveLength(3);
    expect(modem.decoder.stats).toMatchObject({ noise: {}, messages: { '+QENG': 3, echo: 2 } });
  });

  it('that does not answer is asked again, from the beginning, and read when it does', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.isSilent = true;
    for (let t = 0; t <= 30_000; t += 250) {
      if (t === 0) modem.open(t);
      else modem.tick(t);
    }
    expect(modem.observations).toEqual([]);
    expect(modem.commands.slice(0, 4)).toEqual(['AT', 'ATE0', 'AT+CMEE=1', 'AT']);
    modem.isSilent = false;
    for (let t = 30_250; t <= 60_000; t += 250) modem.tick(t);
    expect(modem.observations.length).toBeGreaterThanOrEqual(3);
  });

  it('that has started anew is set up anew', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.open(0);
    modem.decoder.push(Buffer.from('\r\nRDY\r\n'), 2_000);
    modem.tick(10_000);
    expect(modem.commands.filter((command) => command === 'ATE0')).toHaveLength(2);
  });

  it('is asked by a clock that is put back as well', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.open(1e12);
    modem.tick(5_000);
    expect(modem.observations).toHaveLength(6);
  });

  it('of a line that is opened again is not taken for half asked', () => {
    const modem = new FakeModem(SETTINGS, ANSWERS);
    modem.isSilent = true;
    modem.open(0);
    modem.isSilent = false;
    modem.open(100);
    expect(modem.observations).toHaveLength(3);
  });
});

describe('a modem that is only listened to', () => {
  const round = Buffer.concat([
    Buffer.from('AT+CGMM\r'),
    answer('EC25'),
    Buffer.from('AT+CEREG?\r'),
    answer(...ANSWERS['AT+CEREG?']),
    Buffer.from('AT+QENG="servingcell"\r'),
    answer(...ANSWERS['AT+QENG="servingcell"']),
    answer(...ANSWERS['AT+QENG="neighbourcell"']),
  ]);

  it('has its answers read, a round ending when something is said again', () => {
    const { observations, stats } = listen(Buffer.concat([round, round]));
    expect(observations.map(({ kind }) => kind)).toEqual([
      'cell.serving',
      'cell.neighbour',
      'cell.neighbour',
      'cell.serving',
      'cell.neighbour',
      'cell.neighbour',
    ]);
    expect(json(observations[0] ?? { kind: 'cell.serving', t: 0, fields: {} })).toMatchObject({
      modem: 'EC25',
      registration: 5,
    });
    expect(stats.noise).toEqual({});
  });

  it('gives the same in any chunks', () => {
    const whole = listen(Buffer.concat([round, round]));
    for (const chunk of [1, 7, 64]) expect(listen(Buffer.concat([round, round]), {}, chunk)).toEqual(whole);
  });
});

describe('a modem’s line', () => {
  it.each<[string, Buffer, object]>([
    ['with control characters', Buffer.from('\r\n+CS\x01Q: 2,3\r\n'), { malformed: 10 }],
    ['that is no answer and no code', Buffer.from('hello world\r\n'), { malformed: 11 }],
    ['that has no end', Buffer.alloc(MAX_LINE + 10, 0x61), { oversize: MAX_LINE + 10 }],
    ['that is cut short', Buffer.from('+CSQ: 2'), { truncated: 7 }],
  ])('%s is noise', (_what, bytes, noise) => {
    const { stats } = listen(bytes);
    expect(stats.noise).toEqual(noise);
  });

  it('of whatever bytes is accounted for, and never out of bounds', () => {
    const parts = [...Object.values(ANSWERS).map((lines) => answer(...lines)), Buffer.from('AT+CSQ\r')];
    const values = fc.array(
      fc.oneof(
        fc.integer().map(String),
        fc.constantFrom('-', '"', 'FFFFFFFF', '0x1', '', 'LTE', 'GSM', '"neighbourcell"'),
      ),
      { maxLength: 20 },
    );
    const lines = fc
      .tuple(
        fc.constantFrom(
          '+CREG',
          '+QENG',
          '+CPSI',
          '+COPS',
          '+CSQ',
          '+CESQ',
          '+QENG: "servingcell","CONNECT","WCDMA",',
          '+CPSI: LTE,',
        ),
        values,
      )
      .map(([name, some]) => Buffer.from(`\r\n${name}: ${some.join(',')}\r\n`));
    const part = fc.oneof(
      fc.constantFrom(...parts),
      lines,
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 50 }), (all, chunk) => {
        const stream = Buffer.concat(all);
        const whole = listen(stream, { lteSinr: 'fifths', dialect: 'quectel' });
        expect(listen(stream, { lteSinr: 'fifths', dialect: 'quectel' }, chunk)).toEqual(whole);
        for (const { kind, fields } of whole.observations) expect(checkRanges(kind, fields)).toEqual([]);
        const noise = Object.values(whole.stats.noise).reduce((sum, bytes) => sum + bytes, 0);
        expect((whole.stats.frameBytes ?? 0) + noise).toBe(stream.length);
      }),
      { numRuns: 300 },
    );
  });

  it('is found in 4 MB of random bytes but by chance', () => {
    let framed = 0;
    for (let part = 0; part < 64; part++) framed += listen(randomBytes(65_536, part)).stats.frames['at'] ?? 0;
    expect(framed).toBeLessThan(20);
  });
});
