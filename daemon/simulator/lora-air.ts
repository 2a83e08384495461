import { Random, Wander } from './random.ts';

/** A LoRa packet as a radio hears it. */
export interface HeardPacket {
  /** When its last symbol came, ms since the beginning. */
  readonly ms: number;
  readonly payload: Uint8Array;
  /** Hz */
  readonly frequency: number;
  readonly spreadingFactor: number;
  /** dBm */
  readonly rssi: number;
  /** dB */
  readonly snr: number;
  /** A collision or fading has spoilt it. */
  readonly isBad: boolean;
}

export interface LoraAirOptions {
  readonly seed: number;
  /** How many nodes are within reach. */
  readonly nodes: number;
  /** How often each of them sends, ms. */
  readonly intervalMs: number;
  /** Hz; a packet comes on one of them. */
  readonly frequencies?: readonly number[];
  /** Share of packets that come spoilt. */
  readonly bad?: number;
}

/** The three channels that every EU868 device has (LoRaWAN Regional Parameters RP002-1.0.4, table 6). */
const EU868 = [868_100_000, 868_300_000, 868_500_000] as const;
const APP_BYTES = 12;

/** The nodes around a hotspot, each sending LoRaWAN uplinks at its own pace. The same seed gives the same packets. */
export class LoraAir {
  readonly #options: LoraAirOptions;
  readonly #nodes: readonly LoraNode[];

  constructor(options: LoraAirOptions) {
    this.#options = options;
    this.#nodes = Array.from({ length: options.nodes }, (_, index) => new LoraNode(options, index));
  }

  /** What is heard after `from` and until `to`, in ms since the beginning, in the order of the air. */
  between(from: number, to: number): HeardPacket[] {
    const frequencies = this.#options.frequencies ?? EU868;
    return this.#nodes.flatMap((node) => node.between(from, to, frequencies)).sort((a, b) => a.ms - b.ms);
  }
}

class LoraNode {
  readonly #options: LoraAirOptions;
  readonly #address: Uint8Array;
  readonly #phase: number;
  readonly #spreadingFactor: number;
  readonly #distance: number;
  readonly #fading: Wander;
  readonly #seed: number;

  constructor(options: LoraAirOptions, index: number) {
    this.#seed = options.seed * 1_009 + index;
    const random = new Random(this.#seed);
    this.#options = options;
    // Little-endian on the air; NwkID 0 stands for experimental networks (LoRaWAN Backend Interfaces 1.0, NetID 0).
    this.#address = Uint8Array.of(random.below(256), random.below(256), random.below(256), random.below(2));
    this.#phase = random.next() * options.intervalMs;
    this.#distance = random.next();
    this.#spreadingFactor = 7 + Math.floor(this.#distance * 6);
    this.#fading = new Wander(this.#seed, 20_000);
  }

  between(from: number, to: number, frequencies: readonly number[]): HeardPacket[] {
    const { intervalMs } = this.#options;
    const packets: HeardPacket[] = [];
    const first = Math.max(0, Math.floor((from - this.#phase) / intervalMs) + 1);
    for (let count = first; this.#phase + count * intervalMs <= to; count++) {
      packets.push(this.#packet(count, frequencies));
    }
    return packets;
  }

  #packet(count: number, frequencies: readonly number[]): HeardPacket {
    const random = new Random(this.#seed * 65_537 + count);
    const ms = this.#phase + count * this.#options.intervalMs;
    const fading = this.#fading.at(ms);
    return {
      ms,
      payload: uplink(this.#address, count, random),
      frequency: frequencies[random.below(frequencies.length)] ?? 0,
      spreadingFactor: this.#spreadingFactor,
      rssi: Math.round(-60 - 60 * this.#distance + 6 * fading),
      snr: Math.round(4 * (9 - 18 * this.#distance + 2 * fading)) / 4,
      isBad: random.chance(this.#options.bad ?? 0),
    };
  }
}

/** An unconfirmed uplink (LoRaWAN L2 1.0.4, sections 4.1 to 4.4); its payload and its MIC are random, as ciphertext is. */
function uplink(address: Uint8Array, count: number, random: Random): Uint8Array {
  const noise = Uint8Array.from({ length: APP_BYTES + 4 }, () => random.below(256));
  return Uint8Array.of(0x40, ...address, 0x80, count & 0xff, (count >> 8) & 0xff, 1 + random.below(9), ...noise);
}
