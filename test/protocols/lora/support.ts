import { expect } from 'vitest';
import type {
  BeaconRequest,
  Decoder,
  DecoderStats,
  Protocol,
  ProtocolSettings,
} from '../../../daemon/protocols/index.ts';
import { checkRanges, type JsonValue, type Observation, readingToJson } from '../../../daemon/readings/index.ts';
import { createDecoder } from '../../support/decoders.ts';

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
export const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

export interface Decoded {
  readonly observations: Observation[];
  readonly stats: DecoderStats;
}

/** A whole recording, in chunks of the sizes given, over and over. */
export function decodeAll(protocol: Protocol, stream: Uint8Array, sizes: readonly number[] = [4096]): Decoded {
  const decoder = createDecoder(protocol, { referenceTime: 0 });
  const observations: Observation[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    observations.push(...decoder.push(stream.subarray(at, at + size), 0));
    at += size;
  }
  observations.push(...decoder.end(0));
  expectInRange(observations);
  expectBalance(decoder.stats);
  return { observations, stats: decoder.stats };
}

/** Once a stream has ended, each byte was of a frame or is noise. */
export function expectBalance({ bytes, frameBytes = 0, noise }: DecoderStats): void {
  expect(Object.values(noise).reduce((sum, lost) => sum + lost, frameBytes)).toBe(bytes);
}

export function expectInRange(observations: readonly Observation[]): void {
  for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
}

export const toJson = (observations: readonly Observation[]): Record<string, JsonValue>[] =>
  observations.map((observation) => readingToJson(observation));

export const BEACON: BeaconRequest = {
  payload: ascii('hi'),
  frequency: 868_300_000,
  spreadingFactor: 9,
  bandwidth: 125_000,
  codingRate: 6,
  power: 10,
};

/** A modem that answers each command as `respond` says, at the moment it is asked. */
export class FakeModem {
  readonly decoder: Decoder;
  readonly commands: string[] = [];
  readonly observations: Observation[] = [];
  respond: (command: string) => readonly string[];
  #now = 0;
  readonly #unheard: string[] = [];

  constructor(protocol: Protocol, respond: (command: string) => readonly string[], settings: ProtocolSettings = {}) {
    this.respond = respond;
    this.decoder = createDecoder(protocol, {
      referenceTime: 0,
      settings,
      send: (sent) => {
        const command = Buffer.from(sent).toString('latin1');
        expect(command.endsWith('\r\n')).toBe(true);
        this.commands.push(command.trimEnd());
        this.#unheard.push(...this.respond(command.trimEnd()));
      },
    });
  }

  open(): this {
    this.#keep(this.decoder.opened?.(this.#now));
    return this.#talk();
  }

  /** The modem says something of its own. */
  say(...lines: string[]): this {
    this.#unheard.push(...lines);
    return this.#talk();
  }

  /** Time goes by in steps of 250 ms. */
  wait(ms: number): this {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += 250;
      this.#keep(this.decoder.tick?.(this.#now));
      this.#talk();
    }
    return this;
  }

  transmit(): boolean {
    const asked = this.decoder.transmit?.(BEACON, this.#now) ?? false;
    this.#talk();
    return asked;
  }

  takeJson(): Record<string, JsonValue>[] {
    const taken = this.observations.splice(0);
    expectInRange(taken);
    return toJson(taken);
  }

  takeCommands(): string[] {
    return this.commands.splice(0);
  }

  #talk(): this {
    for (let line = this.#unheard.shift(); line !== undefined; line = this.#unheard.shift()) {
      this.#keep(this.decoder.push(ascii(`${line}\r\n`), this.#now));
    }
    return this;
  }

  #keep(observations: readonly Observation[] = []): void {
    this.observations.push(...observations);
  }
}
