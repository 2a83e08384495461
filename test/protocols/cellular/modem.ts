import { CellularDecoder } from '../../../daemon/protocols/cellular/decoder.ts';
import type { DecoderStats, DeviceConfiguration, ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { type JsonValue, type Observation, readingToJson } from '../../../daemon/readings/index.ts';

export type Json = Record<string, JsonValue>;

export interface Decoded {
  readonly observations: Observation[];
  readonly stats: DecoderStats;
}

/** What is made of a recording of what a modem sent. */
export function listen(stream: Uint8Array, settings: ProtocolSettings = {}, chunk = 4096): Decoded {
  const decoder = new CellularDecoder({ referenceTime: 0, settings });
  const observations: Observation[] = [];
  for (let at = 0; at < stream.length; at += chunk)
    observations.push(...decoder.push(stream.subarray(at, at + chunk), 0));
  observations.push(...decoder.end(0));
  return { observations, stats: decoder.stats };
}

/** Lines as a modem sends them, with OK behind. */
export const answer = (...lines: string[]): Buffer =>
  Buffer.from([...lines, 'OK'].map((line) => `\r\n${line}\r\n`).join(''));

/** A modem that answers by a script; what it has no answer for is an error. */
export class FakeModem {
  readonly decoder: CellularDecoder;
  readonly commands: string[] = [];
  readonly observations: Observation[] = [];
  /** Lines that stand before an answer, whatever it is. */
  unsolicited: string[] = [];
  isSilent = false;
  #isEchoing = true;
  readonly #answers: Readonly<Record<string, readonly string[]>>;
  #pending: Buffer[] = [];

  constructor(
    settings: ProtocolSettings,
    answers: Readonly<Record<string, readonly string[]>>,
    configure: DeviceConfiguration = {},
  ) {
    this.#answers = answers;
    this.decoder = new CellularDecoder({
      referenceTime: 0,
      settings,
      configure,
      send: (bytes) => this.#hear(Buffer.from(bytes).toString()),
    });
  }

  open(t: number): void {
    this.observations.push(...this.decoder.opened(t));
    this.#flush(t);
  }

  tick(t: number): void {
    this.observations.push(...this.decoder.tick(t));
    this.#flush(t);
  }

  #hear(text: string): void {
    const command = text.replace(/\r$/, '');
    this.commands.push(command);
    if (this.isSilent) return;
    if (this.#isEchoing) this.#pending.push(Buffer.from(`${command}\r`));
    if (command === 'ATE0') this.#isEchoing = false;
    for (const line of this.unsolicited) this.#pending.push(Buffer.from(`\r\n${line}\r\n`));
    const lines = command.endsWith('=2') || ['AT', 'ATE0', 'AT+CMEE=1'].includes(command) ? [] : this.#answers[command];
    if (lines !== undefined) this.#pending.push(answer(...lines));
    else this.#pending.push(Buffer.from('\r\n+CME ERROR: 4\r\n'));
  }

  /** An answer leads to the next command, until there is none. */
  #flush(t: number): void {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.observations.push(...this.decoder.push(next, t));
    }
  }
}

export function json(observation: Observation): Json {
  return readingToJson(observation);
}
