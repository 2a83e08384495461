import { hexOf, isHex } from './line-commands.ts';
import type { HeardPacket } from './lora-air.ts';
import { LoraRadio } from './lora-radio.ts';

const SETTINGS = 'F:868100000, SF7, BW125K, TXPR:8, RXPR:8, POW:14dBm, CRC:ON, IQ:OFF, NET:OFF';

/** Seeed Wio-E5 (LoRa-E5), AT Command Specification V1.0, sections 4.27 (MODE) and 4.31 (TEST). */
export class WioE5 extends LoraRadio {
  #isTesting = false;
  #receives = false;
  #settings = SETTINGS;

  protected get isReceiving(): boolean {
    return this.#receives;
  }

  protected heard({ payload, rssi, snr, isBad }: HeardPacket): string[] {
    // A packet with a bad checksum is not told of.
    if (isBad) return [];
    return [`+TEST: LEN:${payload.length}, RSSI:${rssi}, SNR:${Math.round(snr)}`, `+TEST: RX "${hexOf(payload)}"`];
  }

  protected obey(line: string, ms: number): string[] {
    const command = line.toUpperCase().trim();
    if (command === 'AT') return ['+AT: OK'];
    if (command === 'AT+VER') return ['+VER: 4.0.11'];
    if (command === 'AT+MODE=TEST') {
      this.#isTesting = true;
      return ['+MODE: TEST'];
    }
    if (command === 'AT+MODE') return [`+MODE: ${this.#isTesting ? 'TEST' : 'LWABP'}`];
    if (!command.startsWith('AT+TEST')) return command.startsWith('AT') ? ['+AT: ERROR(-10)'] : [];
    return this.#isTesting ? this.#test(command, ms) : ['+TEST: ERROR(-12)'];
  }

  protected restart(): void {
    this.#isTesting = false;
    this.#receives = false;
    this.#settings = SETTINGS;
  }

  #test(command: string, ms: number): string[] {
    const [name = '', ...values] = command.replace('AT+TEST=', '').split(',');
    switch (name.trim()) {
      case 'AT+TEST':
      case '?':
        return [`+TEST: ${this.#receives ? 'RXLRPKT' : 'STOP'}`, `+TEST: RFCFG ${this.#settings}`];
      case 'RFCFG':
        return this.#configure(values.map((value) => value.trim()));
      case 'RXLRPKT':
        this.#receives = true;
        return ['+TEST: RXLRPKT'];
      case 'STOP':
        this.#receives = false;
        return ['+TEST: STOP'];
      case 'TXLRPKT':
        return this.#transmit((values[0] ?? '').trim().replaceAll('"', ''), ms);
      default:
        return ['+TEST: ERROR(-1)'];
    }
  }

  /** Frequency in MHz, SF, bandwidth in kHz, two preambles, power in dBm; then CRC, IQ and NET, which may be left out. */
  #configure(values: readonly string[]): string[] {
    const [frequency = '', sf = '', bandwidth = '', txPreamble = '8', rxPreamble = '8', power = '14'] = values;
    const megahertz = Number(frequency);
    if (!(megahertz > 100 && megahertz < 1_000) || !/^SF([7-9]|1[0-2])$/.test(sf)) return ['+TEST: ERROR(-1)'];
    const [crc = 'ON', iq = 'OFF', net = 'OFF'] = values.slice(6);
    const hertz = Math.round(megahertz * 1e6);
    this.#settings =
      `F:${hertz}, ${sf}, BW${bandwidth}K, TXPR:${txPreamble}, RXPR:${rxPreamble}, POW:${power}dBm, ` +
      `CRC:${crc}, IQ:${iq}, NET:${net}`;
    return [`+TEST: RFCFG ${this.#settings}`];
  }

  /** Ends the reception; who wants to hear again has to say so. */
  #transmit(payload: string, ms: number): string[] {
    if (!isHex(payload)) return ['+TEST: ERROR(-1)'];
    this.#receives = false;
    this.send(ms, '+TEST: TX DONE');
    return [`+TEST: TXLRPKT "${payload}"`];
  }
}
