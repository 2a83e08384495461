import type { BeaconRequest } from '../../protocol.ts';
import type { Answer, Step } from '../serial-dialogue.ts';
import { type Dialect, type Heard, type ModemPacket, readHex, SEND_MS, writeHex } from './dialect.ts';
import { type Radio, radioFor } from './radio.ts';

const onOff = (flag: boolean): string => (flag ? 'ON' : 'OFF');

/** Answers begin with the command's name: "+TEST: RFCFG F:868100000, ...". An error is "+TEST: ERROR(-1)". */
const answersTo =
  (name: string, done: string): ((line: string) => Answer) =>
  (line) => {
    if (line.startsWith(`+${name}: ${done}`)) return 'done';
    return line.startsWith(`+${name}: ERROR`) ? 'refused' : undefined;
  };

const RECEIVE: Step = { command: 'AT+TEST=RXLRPKT', answer: answersTo('TEST', 'RXLRPKT') };

const configure = (radio: Radio): Step => ({
  command:
    `AT+TEST=RFCFG,${radio.frequency / 1e6},SF${radio.spreadingFactor},${radio.bandwidth / 1000},${radio.preamble},` +
    `${radio.preamble},${radio.power},ON,${onOff(radio.invertIQ)},${onOff(radio.publicNetwork)}`,
  answer: answersTo('TEST', 'RFCFG'),
});

/** The beginning and the end of sending: the packet is echoed, then "TX DONE". */
function answerToSend(line: string): Answer {
  if (line === '+TEST: TX DONE') return 'done';
  if (line.startsWith('+TEST: TXLRPKT')) return 'wait';
  return line.startsWith('+TEST: ERROR') ? 'refused' : undefined;
}

export class WioE5Dialect implements Dialect {
  readonly #radio: Radio;
  #quality: { readonly size: number; readonly rssi: number; readonly snr: number } | undefined;

  constructor(radio: Radio) {
    this.#radio = radio;
  }

  get setUp(): readonly Step[] {
    return [
      // A module that still listens says nothing to a plain AT.
      { command: 'AT+TEST=STOP', answer: answersTo('TEST', 'STOP'), attempts: 1, optional: true },
      { command: 'AT', answer: answersTo('AT', 'OK'), attempts: 3 },
      { command: 'AT+MODE=TEST', answer: answersTo('MODE', 'TEST') },
      configure(this.#radio),
      RECEIVE,
    ];
  }

  get check(): readonly Step[] {
    return [RECEIVE];
  }

  beacon(beacon: BeaconRequest): { before: readonly Step[]; send: Step; after: readonly Step[] } {
    return {
      before: [
        { command: 'AT+TEST=STOP', answer: answersTo('TEST', 'STOP'), attempts: 1, optional: true },
        configure(radioFor(this.#radio, beacon)),
      ],
      send: {
        command: `AT+TEST=TXLRPKT,"${writeHex(beacon.payload)}"`,
        answer: answerToSend,
        timeoutMs: SEND_MS,
        attempts: 1,
      },
      after: [configure(this.#radio), RECEIVE],
    };
  }

  hear(line: string): Heard | undefined {
    const quality = /^\+TEST: LEN: ?(\d{1,3}), RSSI: ?(-?\d{1,3}), SNR: ?(-?\d{1,3})$/.exec(line);
    if (quality !== null) {
      this.#quality = { size: Number(quality[1]), rssi: Number(quality[2]), snr: Number(quality[3]) };
      return { message: 'LEN' };
    }
    const packet = /^\+TEST: RX "([0-9A-Fa-f ]+)"$/.exec(line);
    if (packet !== null) return this.#hearPacket(packet[1] ?? '');
    return /^\+(?:AT|MODE|TEST|INFO|LOG|VER|ID): /.test(line)
      ? { message: line.slice(1, line.indexOf(':')) }
      : undefined;
  }

  settle(): ModemPacket | undefined {
    return undefined;
  }

  #hearPacket(hex: string): Heard | undefined {
    const quality = this.#quality;
    this.#quality = undefined;
    const payload = readHex(hex);
    if (payload === undefined || (quality !== undefined && quality.size !== payload.length)) return undefined;
    return { message: 'RX', packet: { payload, rssi: quality?.rssi, snr: quality?.snr } };
  }
}
