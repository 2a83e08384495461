import { hexOf, isHex } from './line-commands.ts';
import type { HeardPacket } from './lora-air.ts';
import { LoraRadio } from './lora-radio.ts';

/** AT+PRECV with this window listens until it is told to stop. */
const FOREVER = '65535';
/** The same, and transmitting is allowed meanwhile. */
const FOREVER_BUT_SEND = '65534';

/** RAKwireless RAK3172, RUI3 AT Command Manual, "P2P Mode": AT+NWM, AT+P..., +EVT:RXP2P. */
export class Rak3172 extends LoraRadio {
  #isP2p = false;
  #window = '0';
  readonly #settings = new Map<string, string>();

  protected get isReceiving(): boolean {
    return this.#window !== '0';
  }

  protected heard({ payload, rssi, snr, isBad }: HeardPacket): string[] {
    const isLasting = this.#window === FOREVER || this.#window === FOREVER_BUT_SEND;
    if (!isLasting) this.#window = '0';
    if (isBad) return ['+EVT:RXP2P RECEIVE CRC ERROR'];
    return [`+EVT:RXP2P:${rssi}:${Math.round(snr)}:${hexOf(payload)}`];
  }

  protected obey(line: string, ms: number): string[] {
    const command = line.trim();
    if (command === 'AT' || command === 'ATE') return ['OK'];
    const [, name, operator, value = ''] = /^AT\+([A-Z0-9]+)(=?)(.*)$/.exec(command) ?? [];
    if (name === undefined) return ['AT_ERROR'];
    if (value === '?') return [`AT+${name}=${this.#get(name)}`, 'OK'];
    if (operator === '') return name === 'VER' ? ['AT+VER=RUI_4.1.1_RAK3172-E', 'OK'] : ['AT_ERROR'];
    return this.#set(name, value, ms);
  }

  protected restart(): void {
    this.#window = '0';
  }

  #get(name: string): string {
    if (name === 'NWM') return this.#isP2p ? '0' : '1';
    if (name === 'VER') return 'RUI_4.1.1_RAK3172-E';
    return name === 'PRECV' ? this.#window : (this.#settings.get(name) ?? '0');
  }

  #set(name: string, value: string, ms: number): string[] {
    if (name === 'NWM') {
      if (value !== '0' && value !== '1') return ['AT_PARAM_ERROR'];
      this.#isP2p = value === '0';
      this.#window = '0';
      return ['OK'];
    }
    if (!this.#isP2p) return ['AT_MODE_NO_SUPPORT'];
    if (name === 'PRECV') {
      if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) return ['AT_PARAM_ERROR'];
      this.#window = value;
      return ['OK'];
    }
    if (name === 'PSEND') return this.#transmit(value, ms);
    // While it listens, the radio takes no settings.
    if (this.#window !== '0') return ['AT_BUSY_ERROR'];
    if (!/^[A-Z0-9]+$/.test(name) || value === '') return ['AT_PARAM_ERROR'];
    this.#settings.set(name, value);
    return ['OK'];
  }

  #transmit(value: string, ms: number): string[] {
    // Firmware from 4.2.0 on takes a second value, whether to listen before.
    const [payload = ''] = value.split(':');
    if (!isHex(payload)) return ['AT_PARAM_ERROR'];
    if (this.isSending || (this.#window !== '0' && this.#window !== FOREVER_BUT_SEND)) return ['AT_BUSY_ERROR'];
    this.send(ms, '+EVT:TXP2P DONE');
    return ['OK'];
  }
}
