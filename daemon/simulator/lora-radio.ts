import { ascii, type Device } from './device.ts';
import { LineCommands } from './line-commands.ts';
import type { HeardPacket, LoraAir } from './lora-air.ts';

const EPOCH_MS = 50;
/** How long a packet of a radio takes on the air, near enough. */
const AIR_TIME_MS = 200;

/** What the dialects of LoRa radios on a serial line have in common: commands in lines, packets in between. */
export abstract class LoraRadio implements Device {
  readonly periodMs = EPOCH_MS;
  readonly #air: LoraAir;
  #commands = new LineCommands();
  #heardUntil = 0;
  /** When a transmission ends, and the line that then says so. */
  #sending: { readonly until: number; readonly then: string } | undefined;

  constructor(air: LoraAir) {
    this.#air = air;
  }

  epoch(ms: number): Uint8Array {
    const packets = this.#air.between(this.#heardUntil, ms);
    this.#heardUntil = ms;
    const lines: string[] = [];
    if (this.#sending !== undefined && ms >= this.#sending.until) {
      lines.push(this.#sending.then);
      this.#sending = undefined;
    }
    for (const packet of packets) {
      if (this.#sending === undefined && this.isReceiving) lines.push(...this.heard(packet));
    }
    return ascii(lines.map((line) => `${line}\r\n`).join(''));
  }

  answer(bytes: Uint8Array, ms: number): Uint8Array {
    const lines = this.#commands.take(bytes).flatMap((line) => this.obey(line, ms));
    return ascii(lines.map((line) => `${line}\r\n`).join(''));
  }

  reset(): void {
    this.#commands = new LineCommands();
    this.#sending = undefined;
    this.restart();
  }

  /** Transmits from now on; the radio is deaf meanwhile. */
  protected send(ms: number, then: string): void {
    this.#sending = { until: ms + AIR_TIME_MS, then };
  }

  protected get isSending(): boolean {
    return this.#sending !== undefined;
  }

  protected abstract readonly isReceiving: boolean;
  protected abstract heard(packet: HeardPacket): string[];
  protected abstract obey(line: string, ms: number): string[];
  protected abstract restart(): void;
}
