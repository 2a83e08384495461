import type { BeaconRequest } from '../../protocol.ts';
import type { Answer, Step } from '../serial-dialogue.ts';
import { type Dialect, type Heard, type ModemPacket, readHex, SEND_MS, writeHex } from './dialect.ts';
import { type Radio, radioFor } from './radio.ts';

/** After so long without a packet the radio says radio_err and is told to listen again: a sign of life. */
const WATCHDOG_MS = 60_000;

function isRefused(line: string): boolean {
  return line === 'invalid_param' || line === 'busy' || line === 'err' || line === 'not_joined';
}

function answerOk(line: string): Answer {
  if (line === 'ok') return 'done';
  return isRefused(line) ? 'refused' : undefined;
}

function answerNumber(line: string): Answer {
  if (/^-?\d{1,10}$/.test(line)) return 'done';
  return isRefused(line) ? 'refused' : undefined;
}

/** "ok" when it begins, then how it went (command reference, section 2.5.2). */
function answerToSend(line: string): Answer {
  if (line === 'ok') return 'wait';
  if (line === 'radio_tx_ok') return 'done';
  if (line === 'radio_err') return 'failed';
  return isRefused(line) ? 'refused' : undefined;
}

const set = (what: string, more: Partial<Step> = {}): Step => ({
  command: `radio set ${what}`,
  answer: answerOk,
  ...more,
});

// Listening ends with the first packet, or by rxstop, which firmware before 1.0.5 does not know.
const STOP: Step = { command: 'radio rxstop', answer: answerOk, attempts: 1, optional: true };
const RECEIVE: Step = { command: 'radio rx 0', answer: answerOk, timeoutMs: 2_000 };

/** What firmware tells of the last packet; `radio get rssi` is of 1.0.5. */
const QUALITY: readonly Step[] = ['snr', 'rssi'].map((what) => ({
  command: `radio get ${what}`,
  answer: answerNumber,
  attempts: 1,
  optional: true,
}));

const configure = (radio: Radio): Step[] => [
  set(`freq ${radio.frequency}`),
  set(`sf sf${radio.spreadingFactor}`),
  set(`bw ${radio.bandwidth / 1000}`),
  set(`cr 4/${radio.codingRate}`),
  set(`pwr ${radio.power}`),
];

interface Pending {
  readonly payload: Uint8Array;
  snr?: number;
  rssi?: number;
}

export class Rn2483Dialect implements Dialect {
  readonly #radio: Radio;
  /** The packet whose quality is being asked for. */
  #packet: Pending | undefined;
  #asked = 0;

  constructor(radio: Radio) {
    this.#radio = radio;
  }

  get setUp(): readonly Step[] {
    const radio = this.#radio;
    return [
      STOP,
      { command: 'sys get ver', answer: (line) => (/^RN2[49]\d3/.test(line) ? 'done' : undefined), attempts: 3 },
      // 0 says that the LoRaWAN stack cannot be paused now (section 2.4.7).
      { command: 'mac pause', answer: (line) => (line === '0' ? 'refused' : answerNumber(line)) },
      set('mod lora'),
      ...configure(radio),
      set('crc on'),
      set(`iqi ${radio.invertIQ ? 'on' : 'off'}`),
      set(`sync ${radio.publicNetwork ? '34' : '12'}`),
      set(`prlen ${radio.preamble}`),
      set(`wdt ${WATCHDOG_MS}`),
      RECEIVE,
    ];
  }

  /** The watchdog's radio_err comes by itself: a modem that has to be asked has stopped. */
  get check(): readonly Step[] {
    return [STOP, RECEIVE];
  }

  beacon(beacon: BeaconRequest): { before: readonly Step[]; send: Step; after: readonly Step[] } {
    return {
      before: [STOP, ...configure(radioFor(this.#radio, beacon))],
      send: { command: `radio tx ${writeHex(beacon.payload)}`, answer: answerToSend, timeoutMs: SEND_MS, attempts: 1 },
      after: [...configure(this.#radio), RECEIVE],
    };
  }

  hear(line: string): Heard | undefined {
    const packet = /^radio_rx +([0-9A-Fa-f]+)$/.exec(line);
    if (packet !== null) {
      const payload = readHex(packet[1] ?? '');
      if (payload === undefined) return undefined;
      const before = this.settle();
      this.#packet = { payload };
      this.#asked = 0;
      return { message: 'radio_rx', packet: before, next: [...QUALITY, RECEIVE] };
    }
    if (this.#packet !== undefined && this.#asked < QUALITY.length) return this.#hearQuality(this.#packet, line);
    switch (line) {
      case 'radio_err':
        return { message: line, next: [RECEIVE] };
      case 'ok':
      case 'busy':
      case 'invalid_param':
      case 'radio_tx_ok':
        return { message: line };
      default:
        if (answerNumber(line) === 'done') return { message: 'number' };
        return /^RN2[49]\d3/.test(line) ? { message: 'version', restarted: true } : undefined;
    }
  }

  settle(): ModemPacket | undefined {
    const packet = this.#packet;
    this.#packet = undefined;
    return packet;
  }

  /** The answers to what is asked after a packet: SNR, then RSSI. Whatever else comes, the packet is complete. */
  #hearQuality(packet: Pending, line: string): Heard | undefined {
    const value = answerNumber(line) === 'done' ? Number(line) : undefined;
    const isAnswer = value !== undefined || line === 'invalid_param';
    if (isAnswer) this.#asked++;
    if (value !== undefined && this.#asked === 1) packet.snr = value;
    if (value !== undefined && this.#asked === 2) packet.rssi = value;
    if (isAnswer && this.#asked < QUALITY.length) return { message: 'quality' };
    const complete = this.settle();
    if (isAnswer) return { message: 'quality', packet: complete };
    const other = this.hear(line);
    if (other === undefined) this.#packet = packet;
    return other && { ...other, packet: complete };
  }
}
