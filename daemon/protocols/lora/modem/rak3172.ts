import type { BeaconRequest } from '../../protocol.ts';
import type { Answer, Step } from '../serial-dialogue.ts';
import { type Dialect, type Heard, type ModemPacket, readHex, SEND_MS, writeHex } from './dialect.ts';
import { type Radio, radioFor } from './radio.ts';

/** Listens on and on; nothing may be sent or set in the meantime. */
const CONTINUOUS = 65_534;

/** kHz by the number that AT+PBW has for it; firmware before RUI3 takes the kHz themselves. */
const BANDWIDTHS: readonly number[] = [125, 250, 500, 7.8, 10.4, 15.63, 20.83, 31.25, 41.67, 62.5];

const ERROR = /^AT_[A-Z_]{1,40}$/;

function answerOk(line: string): Answer {
  if (line === 'OK') return 'done';
  return ERROR.test(line) ? 'refused' : undefined;
}

const set = (command: string, more: Partial<Step> = {}): Step => ({
  command: `AT+${command}`,
  answer: answerOk,
  ...more,
});

const STOP: Step = set('PRECV=0', { attempts: 1, optional: true });
const RECEIVE: Step = set(`PRECV=${CONTINUOUS}`);

function configure(radio: Radio): Step[] {
  const kHz = radio.bandwidth / 1000;
  const number = BANDWIDTHS.indexOf(kHz);
  return [
    set(`PFREQ=${radio.frequency}`),
    set(`PSF=${radio.spreadingFactor}`),
    number < 0 ? set(`PBW=${kHz}`) : set(`PBW=${number}`, { orElse: `AT+PBW=${kHz}` }),
    set(`PCR=${radio.codingRate - 5}`),
    set(`PPL=${radio.preamble}`),
    set(`PTP=${radio.power}`),
  ];
}

/** OK when it is taken, then an event when it is sent. */
function answerToSend(line: string): Answer {
  if (line === 'OK') return 'wait';
  if (line.startsWith('+EVT:TXP2P DONE')) return 'done';
  if (line.startsWith('+EVT:TXP2P')) return 'failed';
  return ERROR.test(line) ? 'refused' : undefined;
}

export class Rak3172Dialect implements Dialect {
  readonly #radio: Radio;
  /** Firmware before RUI3 prints the packet on the line after. */
  #quality: { readonly rssi: number; readonly snr: number } | undefined;

  constructor(radio: Radio) {
    this.#radio = radio;
  }

  get setUp(): readonly Step[] {
    return [
      { command: 'AT', answer: answerOk, attempts: 3 },
      STOP,
      {
        // A change of the mode starts the module anew, and its greeting is the only answer.
        command: 'AT+NWM=0',
        answer: (line) => (/Work Mode: LoRa P2P/i.test(line) ? 'done' : answerOk(line)),
        timeoutMs: 5_000,
        attempts: 3,
      },
      ...configure(this.#radio),
      set(`SYNCWORD=${this.#radio.publicNetwork ? '3444' : '1424'}`, { attempts: 1, optional: true }),
      set(`IQINVER=${this.#radio.invertIQ ? 1 : 0}`, { attempts: 1, optional: true }),
      RECEIVE,
    ];
  }

  get check(): readonly Step[] {
    let listens = false;
    return [
      {
        command: 'AT+PRECV=?',
        answer: (line) => {
          const value = /^(?:AT\+PRECV=)?(\d{1,5})$/.exec(line);
          if (value !== null) listens = Number(value[1]) === CONTINUOUS;
          if (value !== null) return 'wait';
          return line === 'OK' && !listens ? 'refused' : answerOk(line);
        },
      },
    ];
  }

  beacon(beacon: BeaconRequest): { before: readonly Step[]; send: Step; after: readonly Step[] } {
    return {
      before: [STOP, ...configure(radioFor(this.#radio, beacon))],
      send: { command: `AT+PSEND=${writeHex(beacon.payload)}`, answer: answerToSend, timeoutMs: SEND_MS, attempts: 1 },
      after: [...configure(this.#radio), RECEIVE],
    };
  }

  hear(line: string): Heard | undefined {
    const packet = /^\+EVT:RXP2P:(?:RSSI )?(-?\d{1,3}):(?:SNR )?(-?\d{1,3}):([0-9A-Fa-f]+)$/.exec(line);
    if (packet !== null) return this.#hearPacket(Number(packet[1]), Number(packet[2]), packet[3]);
    const quality = /^\+EVT:RXP2P, ?RSSI (-?\d{1,3}), ?SNR (-?\d{1,3})$/.exec(line);
    if (quality !== null) {
      this.#quality = { rssi: Number(quality[1]), snr: Number(quality[2]) };
      return { message: 'RXP2P' };
    }
    const rest = this.#quality && /^\+EVT:([0-9A-Fa-f]+)$/.exec(line);
    if (this.#quality && rest) return this.#hearPacket(this.#quality.rssi, this.#quality.snr, rest[1]);
    // "RECEIVE ERROR" is a packet that failed its checksum; "RECEIVE TIMEOUT" ends listening.
    if (line === '+EVT:RXP2P RECEIVE TIMEOUT') return { message: 'RECEIVE TIMEOUT', next: [RECEIVE] };
    if (line.startsWith('+EVT:')) return { message: line.slice(5, 37) };
    if (line.startsWith('AT+') || line === 'OK' || ERROR.test(line)) return { message: 'answer' };
    if (/^RAKwireless /.test(line)) return { message: 'greeting', restarted: true };
    return /Work Mode: /.test(line) ? { message: 'greeting' } : undefined;
  }

  settle(): ModemPacket | undefined {
    return undefined;
  }

  #hearPacket(rssi: number, snr: number, hex = ''): Heard | undefined {
    this.#quality = undefined;
    const payload = readHex(hex);
    return payload && { message: 'RXP2P', packet: { payload, rssi, snr } };
  }
}
