import { Aircraft } from './aircraft.ts';
import type { Device } from './device.ts';
import type { Position } from './geodesy.ts';

const EPOCH_MS = 100;
const ESCAPE = 0x1a;
const SHORT = 0x32;
const LONG = 0x33;
/** Of the counter, Hz. */
const CLOCK = 12_000_000;

export interface BeastReceiverOptions {
  readonly seed: number;
  readonly aircraft: number;
  readonly station?: Position;
}

/**
 * A Mode S receiver that speaks Beast binary: 0x1A, type, a 12 MHz counter of six bytes, signal level, message; each 0x1A
 * in what follows the type is doubled (Mode-S Beast, "Data output formats"). Each aircraft sends two positions, two
 * velocities and one DF11 a second, and its name each five seconds (ICAO Annex 10, volume IV, 3.1.2.8.6).
 */
export class BeastReceiver implements Device {
  readonly periodMs = EPOCH_MS;
  readonly #aircraft: readonly Aircraft[];

  constructor({ seed, aircraft, station = { lat: 47.4582, lon: 8.5555 } }: BeastReceiverOptions) {
    this.#aircraft = Array.from({ length: aircraft }, (_, index) => new Aircraft(seed * 101 + index, station));
  }

  epoch(ms: number): Uint8Array {
    const tenth = Math.floor(ms / EPOCH_MS);
    const frames = this.#aircraft.flatMap((one, index) =>
      messagesOf(one, ms, tenth + index).map((message, place) =>
        frame(message, ms, index * 64 + place, 60 + ((index * 37) % 180)),
      ),
    );
    return Buffer.concat(frames);
  }
}

function messagesOf(aircraft: Aircraft, ms: number, turn: number): Uint8Array[] {
  const messages: Uint8Array[] = [];
  if (turn % 5 === 0) messages.push(aircraft.position(ms, turn % 10 === 5));
  if (turn % 5 === 2) messages.push(aircraft.velocity(ms));
  if (turn % 10 === 3) messages.push(aircraft.acquisition());
  if (turn % 50 === 4) messages.push(aircraft.identification());
  return messages;
}

function frame(message: Uint8Array, ms: number, place: number, signal: number): Uint8Array {
  const counter = Math.floor((ms / 1_000) * CLOCK) + place * 2_000;
  const body = Buffer.alloc(7 + message.length);
  body.writeUIntBE(counter % 2 ** 48, 0, 6);
  body[6] = signal;
  body.set(message, 7);
  const escaped = [...body].flatMap((byte) => (byte === ESCAPE ? [ESCAPE, ESCAPE] : [byte]));
  return Uint8Array.of(ESCAPE, message.length === 7 ? SHORT : LONG, ...escaped);
}
