import { AdsbDecoder } from '../../../daemon/protocols/adsb/decoder.ts';
import type { DecoderStats, ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { type JsonValue, type KindName, type Observation, readingToJson } from '../../../daemon/readings/index.ts';

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** A Beast frame: 0x1A, type, counter, signal, message; each 0x1A behind the type doubled. */
export function beast(hex: string, { counter = 0, signal = 128, type = '' } = {}): Buffer {
  const message = bytesOf(hex);
  const head = Buffer.alloc(7);
  head.writeUIntBE(counter, 0, 6);
  head[6] = signal;
  const escaped = [...head, ...message].flatMap((byte) => (byte === 0x1a ? [byte, byte] : [byte]));
  const letter = type || { 2: '1', 7: '2', 14: '3' }[message.length] || '?';
  return Buffer.from([0x1a, letter.charCodeAt(0), ...escaped]);
}

/** AVR text: with a counter if there is one. */
export function avr(hex: string, counter?: number): Buffer {
  if (counter === undefined) return Buffer.from(`*${hex};\r\n`);
  return Buffer.from(`@${counter.toString(16).padStart(12, '0').toUpperCase()}${hex};\r\n`);
}

/** The parity of Mode S by long division, bit for bit, as the specification has it. */
export function withParity(hex: string): string {
  const bits = [...bytesOf(`${hex}000000`)].flatMap((byte) => [...byte.toString(2).padStart(8, '0')].map(Number));
  const generator = [...(0x1fff409).toString(2)].map(Number);
  for (let at = 0; at + 24 < bits.length; at++) {
    if (bits[at] !== 1) continue;
    for (const [index, bit] of generator.entries()) bits[at + index] = (bits[at + index] ?? 0) ^ bit;
  }
  const parity = Number.parseInt(bits.slice(-24).join(''), 2);
  return `${hex}${parity.toString(16).padStart(6, '0')}`.toUpperCase();
}

export interface Heard {
  readonly hex: string;
  /** Seconds */
  readonly at: number;
}

export interface Decoded {
  readonly observations: Observation[];
  readonly stats: DecoderStats;
}

export function decode(stream: Uint8Array, { chunk = 4096, settings = {} as ProtocolSettings } = {}): Decoded {
  const decoder = new AdsbDecoder({ referenceTime: 0, settings });
  const observations: Observation[] = [];
  for (let at = 0; at < stream.length; at += chunk)
    observations.push(...decoder.push(stream.subarray(at, at + chunk), 0));
  observations.push(...decoder.end(0));
  return { observations, stats: decoder.stats };
}

/** What a kind's observations say, in JSON, of messages that arrive at their times. */
export function heard(messages: readonly Heard[], kind: KindName, settings: ProtocolSettings = {}): Json[] {
  const decoder = new AdsbDecoder({ referenceTime: 0, settings });
  return messages
    .flatMap(({ hex, at }) => decoder.push(avr(hex), at * 1000))
    .filter((observation) => observation.kind === kind)
    .map(json);
}

export type Json = Record<string, JsonValue>;

export function json(observation: Observation): Json {
  const { kind: _, ...fields } = readingToJson(observation);
  return fields;
}
