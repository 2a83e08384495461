import { hexOf, isHex } from './line-commands.ts';
import type { HeardPacket } from './lora-air.ts';
import { LoraRadio } from './lora-radio.ts';

const VERSION = 'RN2483 1.0.5 Oct 31 2018 15:06:52';
/** How long `mac pause` may last at most, ms. */
const PAUSE = '4294967245';
const RADIO_SETTINGS: ReadonlySet<string> = new Set([
  'mod',
  'freq',
  'pwr',
  'sf',
  'afcbw',
  'rxbw',
  'bitrate',
  'fdev',
  'prlen',
  'crc',
  'iqi',
  'cr',
  'wdt',
  'sync',
  'bw',
]);

/**
 * Microchip RN2483 and RN2903, command reference DS40001784G, section 2.5 (radio). `radio rx 0` listens until one packet
 * has come; then it has to be said again.
 */
export class Rn2483 extends LoraRadio {
  #isPaused = false;
  #receives = false;
  #settings = new Map([
    ['mod', 'lora'],
    ['freq', '868100000'],
    ['sf', 'sf12'],
    ['bw', '125'],
    ['cr', '4/5'],
    ['crc', 'on'],
    ['pwr', '1'],
    ['wdt', '15000'],
    ['sync', '34'],
  ]);
  #snr = -128;
  #rssi = -128;

  protected get isReceiving(): boolean {
    return this.#receives;
  }

  protected heard({ payload, snr, rssi, isBad }: HeardPacket): string[] {
    this.#receives = false;
    this.#snr = Math.round(snr);
    this.#rssi = rssi;
    // Two blanks between the word and the data, as the firmware prints them.
    return [isBad ? 'radio_err' : `radio_rx  ${hexOf(payload)}`];
  }

  protected obey(line: string, ms: number): string[] {
    const [area, verb, name = '', value = ''] = line.trim().split(/\s+/);
    if (area === 'sys')
      return verb === 'get' && name === 'ver' ? [VERSION] : verb === 'reset' ? [VERSION] : ['invalid_param'];
    if (area === 'mac') return this.#mac(verb);
    if (area !== 'radio') return ['invalid_param'];
    switch (verb) {
      case 'rx':
        return this.#receive(name);
      case 'rxstop':
        this.#receives = false;
        return ['ok'];
      case 'tx':
        return this.#transmit(name, ms);
      case 'set':
        return this.#set(name, value);
      case 'get':
        return [this.#get(name)];
      default:
        return ['invalid_param'];
    }
  }

  protected restart(): void {
    this.#isPaused = false;
    this.#receives = false;
  }

  #mac(verb: string | undefined): string[] {
    if (verb === 'pause') {
      this.#isPaused = true;
      return [PAUSE];
    }
    if (verb !== 'resume') return ['invalid_param'];
    this.#isPaused = false;
    return ['ok'];
  }

  #receive(window: string): string[] {
    if (!/^\d+$/.test(window)) return ['invalid_param'];
    if (!this.#isPaused || this.#receives || this.isSending) return ['busy'];
    this.#receives = true;
    return ['ok'];
  }

  #transmit(payload: string, ms: number): string[] {
    if (!isHex(payload)) return ['invalid_param'];
    if (!this.#isPaused || this.#receives || this.isSending) return ['busy'];
    this.send(ms, 'radio_tx_ok');
    return ['ok'];
  }

  #set(name: string, value: string): string[] {
    const isFrequency = name === 'freq' && !/^(43[34]|8[67]\d)\d{6}$/.test(value);
    if (!RADIO_SETTINGS.has(name) || value === '' || isFrequency) return ['invalid_param'];
    this.#settings.set(name, value);
    return ['ok'];
  }

  #get(name: string): string {
    if (name === 'snr') return String(this.#snr);
    if (name === 'rssi') return String(this.#rssi);
    return this.#settings.get(name) ?? 'invalid_param';
  }
}
