import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../../daemon/protocols/index.ts';
import { rak3172, rn2483, wioE5 } from '../../../daemon/protocols/lora/index.ts';
import { ascii, decodeAll, FakeModem, toJson } from './support.ts';

const RESULT = { sent: 0, refused: 1, failed: 2, noAnswer: 3 };

/** A module in whatever state; it takes everything. */
const wioAnswers = (command: string): string[] => {
  if (command === 'AT') return ['+AT: OK'];
  if (command === 'AT+MODE=TEST') return ['+MODE: TEST'];
  if (command === 'AT+TEST=STOP') return ['+TEST: STOP'];
  if (command.startsWith('AT+TEST=RFCFG')) {
    return ['+TEST: RFCFG F:868100000, SF7, BW125K, TXPR:8, RXPR:8, POW:14dBm, CRC:ON, IQ:OFF, NET:OFF'];
  }
  if (command === 'AT+TEST=RXLRPKT') return ['+TEST: RXLRPKT'];
  return command.startsWith('AT+TEST=TXLRPKT') ? ['+TEST: TXLRPKT "6869"', '+TEST: TX DONE'] : [];
};

const rnAnswers = (command: string): string[] => {
  if (command === 'sys get ver') return ['RN2483 1.0.5 Oct 31 2018 15:06:52'];
  if (command === 'mac pause') return ['4294967245'];
  if (command === 'radio get snr') return ['-7'];
  if (command === 'radio get rssi') return ['-101'];
  return command.startsWith('radio tx') ? ['ok', 'radio_tx_ok'] : ['ok'];
};

const rakAnswers = (command: string): string[] => {
  if (command === 'AT+PRECV=?') return ['AT+PRECV=65534', 'OK'];
  return command.startsWith('AT+PSEND') ? ['OK', '+EVT:TXP2P DONE'] : ['OK'];
};

interface Make {
  readonly protocol: Protocol;
  readonly answers: (command: string) => string[];
  readonly setUp: readonly string[];
  readonly packet: readonly string[];
  readonly heard: object;
  readonly send: string;
  readonly refusal: string;
}

const MAKES: Record<string, Make> = {
  'wio-e5': {
    protocol: wioE5,
    answers: wioAnswers,
    setUp: ['AT+TEST=STOP', 'AT', 'AT+MODE=TEST', 'AT+TEST=RFCFG,868.1,SF7,125,8,8,14,ON,OFF,OFF', 'AT+TEST=RXLRPKT'],
    packet: ['+TEST: LEN:5, RSSI:-101, SNR:-7', '+TEST: RX "48656C6C6F"'],
    heard: { rssi: -101, snr: -7 },
    send: 'AT+TEST=TXLRPKT,"6869"',
    refusal: '+TEST: ERROR(-1)',
  },
  rn2483: {
    protocol: rn2483,
    answers: rnAnswers,
    setUp: [
      'radio rxstop',
      'sys get ver',
      'mac pause',
      'radio set mod lora',
      'radio set freq 868100000',
      'radio set sf sf7',
      'radio set bw 125',
      'radio set cr 4/5',
      'radio set pwr 14',
      'radio set crc on',
      'radio set iqi off',
      'radio set sync 12',
      'radio set prlen 8',
      'radio set wdt 60000',
      'radio rx 0',
    ],
    packet: ['radio_rx  48656C6C6F'],
    heard: { rssi: -101, snr: -7 },
    send: 'radio tx 6869',
    refusal: 'invalid_param',
  },
  rak3172: {
    protocol: rak3172,
    answers: rakAnswers,
    setUp: [
      'AT',
      'AT+PRECV=0',
      'AT+NWM=0',
      'AT+PFREQ=868100000',
      'AT+PSF=7',
      'AT+PBW=0',
      'AT+PCR=0',
      'AT+PPL=8',
      'AT+PTP=14',
      'AT+SYNCWORD=1424',
      'AT+IQINVER=0',
      'AT+PRECV=65534',
    ],
    packet: ['+EVT:RXP2P:-101:-7:48656C6C6F'],
    heard: { rssi: -101, snr: -7 },
    send: 'AT+PSEND=6869',
    refusal: 'AT_BUSY_ERROR',
  },
};

describe.each(Object.entries(MAKES))('%s', (_, make) => {
  const modem = (): FakeModem => new FakeModem(make.protocol, make.answers);
  const listening = (): FakeModem => {
    const fake = modem().open();
    fake.takeCommands();
    return fake;
  };
  const isSetUp = (fake: FakeModem): void => expect(fake.takeCommands()).toEqual(make.setUp);

  it('is set up when its port opens', () => {
    const fake = modem();
    expect(fake.decoder.stats).not.toHaveProperty('configured');
    isSetUp(fake.open());
    expect(fake.decoder.stats).toMatchObject({ configured: 'done', configureFailures: [] });
  });

  it('reports a packet, with the settings that it took', () => {
    expect(
      listening()
        .say(...make.packet)
        .takeJson(),
    ).toEqual([
      {
        kind: 'lora.uplink',
        frequency: 868_100_000,
        spreadingFactor: 7,
        bandwidth: 125_000,
        codingRate: 5,
        payload: '48656c6c6f',
        size: 5,
        ...make.heard,
      },
    ]);
  });

  it('goes on to the next packet', () => {
    const fake = listening();
    for (let i = 0; i < 5; i++) fake.say(...make.packet);
    expect(fake.takeJson()).toHaveLength(5);
  });

  it('reads LoRaWAN headers where it listens to a public network', () => {
    const fake = new FakeModem(make.protocol, make.answers, { publicNetwork: true }).open();
    const packet = '40F17DBE4900020001954378762B11FF0D';
    fake.say(...make.packet.map((line) => line.replace('48656C6C6F', packet).replace('LEN:5', 'LEN:17')));
    expect(fake.takeJson()).toMatchObject([{ devAddr: '49be7df1', fCnt: 2, fPort: 1 }]);
  });

  it('says nothing of its settings in a recording', () => {
    const { observations } = decodeAll(make.protocol, ascii(`${make.packet.join('\r\n')}\r\n`));
    expect(observations).toHaveLength(1);
    expect(observations[0]?.fields).not.toHaveProperty('frequency');
  });

  it('that does not answer is asked again and again, ever more seldom', () => {
    const fake = modem();
    fake.respond = () => [];
    fake.open().wait(600_000);
    const commands = fake.takeCommands();
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.length).toBeLessThan(80);
    expect(new Set(commands).size).toBeLessThanOrEqual(2);
    fake.respond = make.answers;
    fake.wait(60_000);
    expect(fake.takeCommands()).toEqual(expect.arrayContaining([...make.setUp]));
    expect(fake.say(...make.packet).takeJson()).toHaveLength(1);
  });

  it('that refuses a setting is counted, and still listened to', () => {
    const fake = modem();
    const refused = make.setUp.find((command) => command.includes('868')) ?? '';
    fake.respond = (command) => (command === refused ? [make.refusal] : make.answers(command));
    fake.open();
    expect(fake.decoder.stats).toMatchObject({ configured: 'failed', configureFailures: [`refused: ${refused}`] });
    expect(fake.transmit()).toBe(false);
    const [packet] = fake
      .say(...make.packet)
      .wait(5_000)
      .takeJson();
    expect(packet?.['payload']).toBe('48656c6c6f');
    expect(packet).not.toHaveProperty('frequency');
  });

  it('transmits a beacon at its own settings, then listens as before', () => {
    const fake = listening();
    expect(fake.transmit()).toBe(true);
    expect(fake.takeJson()).toEqual([
      {
        kind: 'lora.beacon',
        result: RESULT.sent,
        frequency: 868_300_000,
        spreadingFactor: 9,
        bandwidth: 125_000,
        codingRate: 6,
        power: 10,
        payload: '6869',
      },
    ]);
    const commands = fake.takeCommands();
    expect(commands).toContain(make.send);
    expect(commands.slice(0, commands.indexOf(make.send)).join()).toMatch(/868\.3|868300000/);
    expect(commands.slice(commands.indexOf(make.send)).join()).toMatch(/868\.1|868100000/);
    expect(commands.at(-1)).toBe(make.setUp.at(-1));
    expect(fake.say(...make.packet).takeJson()).toMatchObject([{ frequency: 868_100_000 }]);
  });

  it('says what a modem answered that refuses to transmit', () => {
    const fake = listening();
    fake.respond = (command) => (command === make.send ? [make.refusal] : make.answers(command));
    fake.transmit();
    expect(fake.takeJson()).toMatchObject([{ result: RESULT.refused, error: make.refusal }]);
  });

  it('says when there was no answer to a beacon', () => {
    const fake = listening();
    fake.respond = (command) => (command === make.send ? [] : make.answers(command));
    fake.transmit();
    expect(fake.takeJson()).toEqual([]);
    expect(fake.wait(17_000).takeJson()).toMatchObject([{ result: RESULT.noAnswer }]);
    expect(fake.say(...make.packet).takeJson()).toHaveLength(1);
  });

  it('transmits one beacon at a time, and none before it is set up', () => {
    const fake = modem();
    expect(fake.transmit()).toBe(false);
    fake.open();
    fake.respond = (command) => (command === make.send ? [] : make.answers(command));
    expect(fake.transmit()).toBe(true);
    expect(fake.transmit()).toBe(false);
  });

  it('is asked after a silence whether it listens, and set up again where it does not', () => {
    const fake = listening();
    fake.wait(301_000);
    expect(fake.takeCommands().length).toBeGreaterThan(0);
    fake.respond = () => [];
    fake.wait(320_000);
    fake.takeCommands();
    fake.respond = make.answers;
    fake.wait(60_000);
    expect(fake.takeCommands()).toEqual(expect.arrayContaining([...make.setUp]));
  });
});

describe('wio-e5', () => {
  it('gives up a packet of another length than was said', () => {
    const { observations, stats } = decodeAll(
      wioE5,
      ascii('+TEST: LEN:4, RSSI:-26, SNR:13\r\n+TEST: RX "48656C6C6F"\r\n'),
    );
    expect(observations).toEqual([]);
    expect(stats.noise).toEqual({ malformed: 22 });
  });

  it('reports a packet whose quality was lost', () => {
    const { observations } = decodeAll(wioE5, ascii('+TEST: RX "48656C6C6F"\r\n'));
    expect(toJson(observations)).toEqual([{ kind: 'lora.uplink', payload: '48656c6c6f', size: 5 }]);
  });
});

describe('rn2483', () => {
  const listening = (answers = rnAnswers): FakeModem => {
    const fake = new FakeModem(rn2483, answers).open();
    fake.takeCommands();
    return fake;
  };

  it('is told to listen again when its watchdog says that nothing came', () => {
    expect(listening().say('radio_err').takeCommands()).toEqual(['radio rx 0']);
  });

  it('with old firmware has no RSSI, and cannot be stopped', () => {
    const old = (command: string): string[] =>
      command === 'radio get rssi' || command === 'radio rxstop' ? ['invalid_param'] : rnAnswers(command);
    const fake = listening(old).say('radio_rx  48656C6C6F');
    expect(fake.takeCommands()).toEqual(['radio get snr', 'radio get rssi', 'radio rx 0']);
    const [packet] = fake.takeJson();
    expect(packet?.['snr']).toBe(-7);
    expect(packet).not.toHaveProperty('rssi');
  });

  it('with its LoRaWAN stack that cannot be paused is not set up', () => {
    const fake = listening((command) => (command === 'mac pause' ? ['0'] : rnAnswers(command)));
    expect(fake.decoder.stats.configureFailures).toEqual(['refused: mac pause']);
  });

  it('says that sending failed', () => {
    const fake = listening((command) => (command.startsWith('radio tx') ? ['ok', 'radio_err'] : rnAnswers(command)));
    fake.transmit();
    expect(fake.takeJson()).toMatchObject([{ result: RESULT.failed, error: 'radio_err' }]);
  });

  it('reports a packet whose quality never comes when the line is quiet', () => {
    const fake = listening();
    fake.respond = () => [];
    fake.say('radio_rx  48656C6C6F');
    expect(fake.takeJson()).toEqual([]);
    expect(toJson(fake.decoder.quiet(1_000))).toMatchObject([{ payload: '48656c6c6f' }]);
  });

  it('that starts anew is set up again', () => {
    expect(listening().say('RN2483 1.0.5 Oct 31 2018 15:06:52').takeCommands()).toEqual(MAKES['rn2483']?.setUp);
  });
});

describe('rak3172', () => {
  it('starts anew where its mode changes, and is set up by its greeting', () => {
    const fake = new FakeModem(rak3172, (command) =>
      command === 'AT+NWM=0' ? ['RAKwireless RAK3172', 'Current Work Mode: LoRa P2P.'] : rakAnswers(command),
    ).open();
    expect(fake.takeCommands()).toEqual(MAKES['rak3172']?.setUp);
  });

  it('before RUI3 takes the bandwidth in kHz, and has no sync word to set', () => {
    const fake = new FakeModem(rak3172, (command) =>
      command === 'AT+PBW=0' || command.startsWith('AT+SYNCWORD') ? ['AT_PARAM_ERROR'] : rakAnswers(command),
    ).open();
    expect(fake.takeCommands()).toEqual(expect.arrayContaining(['AT+PBW=125', 'AT+PRECV=65534']));
  });

  it('before RUI3 prints a packet on two lines', () => {
    const { observations } = decodeAll(rak3172, ascii('+EVT:RXP2P, RSSI -11, SNR 13\r\n+EVT:48656C6C6F\r\n'), [1]);
    expect(toJson(observations)).toMatchObject([{ payload: '48656c6c6f', rssi: -11, snr: 13 }]);
  });

  it('whose listening ended is set up again', () => {
    const fake = new FakeModem(rak3172, rakAnswers).open();
    fake.takeCommands();
    fake.respond = (command) => (command === 'AT+PRECV=?' ? ['AT+PRECV=0', 'OK'] : rakAnswers(command));
    fake.wait(310_000);
    expect(fake.takeCommands()).toEqual(['AT+PRECV=?', ...(MAKES['rak3172']?.setUp ?? [])]);
  });
});
