import { ascii, type Device, NOTHING } from './device.ts';
import { LineCommands } from './line-commands.ts';
import { Random, Wander } from './random.ts';

export const MODEM_DIALECTS = ['generic', 'quectel', 'simcom'] as const;
export type ModemDialect = (typeof MODEM_DIALECTS)[number];

const EPOCH_MS = 100;
const MODEL: Readonly<Record<ModemDialect, string>> = {
  generic: 'MODEM',
  quectel: 'EC25',
  simcom: 'SIMCOM_SIM7600E-H',
};
/** MCC 001 is for test networks (ITU-T E.212, annex A). */
const MCC = '001';
const MNC = '01';
const OPERATOR = 'Test network';
const TAC = 0x1a2b;
const EARFCN = 1_300;
const BAND = 3;

interface Cell {
  readonly id: number;
  readonly pci: number;
  readonly rsrp: number;
  readonly rsrq: number;
  readonly rssi: number;
  readonly sinr: number;
}

/**
 * An LTE modem's command port (3GPP TS 27.007): echo, final results, registration that is told unasked for as the vehicle
 * moves from cell to cell, and each vendor's own command for the serving cell.
 */
export class AtModem implements Device {
  readonly periodMs = EPOCH_MS;
  readonly #dialect: ModemDialect;
  readonly #cellMs: number;
  readonly #seed: number;
  readonly #signal: Wander;
  #commands = new LineCommands();
  #echoes = true;
  #registrationLevel = 0;
  #ms = 0;

  /** @param cellMs how long it stays in a cell */
  constructor(dialect: ModemDialect, seed: number, cellMs = 20_000) {
    this.#dialect = dialect;
    this.#seed = seed;
    this.#cellMs = cellMs;
    this.#signal = new Wander(seed, 8_000);
  }

  epoch(ms: number): Uint8Array {
    const isHandover = this.#cellIndex(ms) !== this.#cellIndex(this.#ms);
    this.#ms = ms;
    return isHandover && this.#registrationLevel > 0 ? ascii(`\r\n+CEREG: ${this.#registration()}\r\n`) : NOTHING;
  }

  answer(bytes: Uint8Array): Uint8Array {
    return Buffer.concat(this.#commands.take(bytes).map((line) => this.#obey(line)));
  }

  reset(): void {
    this.#commands = new LineCommands();
    this.#echoes = true;
    this.#registrationLevel = 0;
  }

  #obey(line: string): Uint8Array {
    // The echo is of the command as it came, and comes before the command is obeyed (ITU-T V.250, 6.2.4).
    const echo = this.#echoes ? `${line}\r` : '';
    const lines = this.#run(line.trim().toUpperCase());
    const said = lines === undefined ? ['ERROR'] : [...(lines.length > 0 ? [lines.join('\r\n')] : []), 'OK'];
    return ascii(echo + said.map((text) => `\r\n${text}\r\n`).join(''));
  }

  /** Information lines of a command that succeeds; undefined for one that the modem doesn't know. */
  #run(command: string): string[] | undefined {
    const setting = /^AT\+(?:CREG|CEREG|C5GREG|CGREG)=([0-5])$/.exec(command);
    if (setting !== null) {
      if (command.startsWith('AT+CEREG')) this.#registrationLevel = Number(setting[1]);
      return command.startsWith('AT+C5GREG') ? undefined : [];
    }
    if (/^ATE[01]?$/.test(command)) {
      this.#echoes = command === 'ATE1';
      return [];
    }
    switch (command) {
      case 'AT':
      case 'AT+CMEE=0':
      case 'AT+CMEE=1':
      case 'AT+CMEE=2':
        return [];
      case 'AT+CGMM':
        return [MODEL[this.#dialect]];
      case 'AT+CREG?':
        return [`+CREG: ${this.#registrationLevel},1`];
      case 'AT+CEREG?':
        return [`+CEREG: ${this.#registrationLevel},${this.#registration()}`];
      case 'AT+COPS?':
        return [`+COPS: 0,0,"${OPERATOR}",7`];
      case 'AT+COPS=3,0':
      case 'AT+COPS=3,2':
        return [];
      case 'AT+CSQ':
        return [`+CSQ: ${clamp(Math.round((this.#cell().rssi + 113) / 2), 0, 31)},99`];
      case 'AT+CESQ':
        return [this.#quality()];
      case 'AT+QENG="SERVINGCELL"':
        return this.#dialect === 'quectel' ? [this.#quectelServing()] : undefined;
      case 'AT+QENG="NEIGHBOURCELL"':
        return this.#dialect === 'quectel' ? this.#quectelNeighbours() : undefined;
      case 'AT+CPSI?':
        return this.#dialect === 'simcom' ? [this.#simcomServing()] : undefined;
      default:
        return undefined;
    }
  }

  /** Status 1 (home), tracking area, cell and technology 7, E-UTRAN (27.007, 10.1.22). */
  #registration(): string {
    return this.#registrationLevel < 2 ? '1' : `1,"${hex(TAC, 4)}","${hex(this.#cell().id, 8)}",7`;
  }

  /** 27.007, 8.69: RSRQ in half dB from -19.5, RSRP in dB from -140; what is of other technologies is 99 or 255. */
  #quality(): string {
    const { rsrp, rsrq } = this.#cell();
    return `+CESQ: 99,99,255,255,${clamp(Math.round((rsrq + 20) * 2), 0, 34)},${clamp(rsrp + 141, 0, 97)}`;
  }

  /** EC2x and EG9x series, QCFG and QENG manual, "AT+QENG". */
  #quectelServing(): string {
    const { id, pci, rsrp, rsrq, rssi, sinr } = this.#cell();
    const identity = `${MCC},${MNC},${hex(id, 7)},${pci},${EARFCN},${BAND},5,5,${hex(TAC, 4)}`;
    return `+QENG: "servingcell","NOCONN","LTE","FDD",${identity},${rsrp},${rsrq},${rssi},${sinr},-`;
  }

  #quectelNeighbours(): string[] {
    return [1, 2].map((step) => {
      const { pci, rsrp, rsrq, rssi } = this.#cell(step);
      return `+QENG: "neighbourcell intra","LTE",${EARFCN},${pci},${rsrq},${rsrp - 6 * step},${rssi},0,-,-,-,-,-`;
    });
  }

  /** SIM7500 and SIM7600 series, AT command manual, "AT+CPSI": signal levels in tenths. */
  #simcomServing(): string {
    const { id, pci, rsrp, rsrq, rssi, sinr } = this.#cell();
    const signal = `${rsrq * 10},${rsrp * 10},${rssi * 10},${sinr}`;
    return `+CPSI: LTE,Online,${MCC}-${MNC},0x${hex(TAC, 4)},${id},${pci},EUTRAN-BAND${BAND},${EARFCN},5,5,${signal}`;
  }

  #cellIndex(ms: number): number {
    return Math.floor(ms / this.#cellMs);
  }

  #cell(step = 0): Cell {
    const index = this.#cellIndex(this.#ms) + step;
    const random = new Random(this.#seed * 257 + index);
    const rsrp = Math.round(-92 + 12 * this.#signal.at(this.#ms + step * 1e6));
    return {
      id: 0x01c3_d400 + index,
      pci: random.below(504),
      rsrp,
      rsrq: clamp(Math.round(-11 + (rsrp + 92) / 6), -19, -3),
      rssi: rsrp + 30,
      sinr: clamp(Math.round(10 + (rsrp + 92) / 2), 0, 30),
    };
  }
}

const clamp = (value: number, min: number, max: number): number => Math.max(min, Math.min(max, value));

const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
