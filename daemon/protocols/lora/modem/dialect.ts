import type { BeaconRequest } from '../../protocol.ts';
import type { Step } from '../serial-dialogue.ts';

/** A packet that a modem has printed. */
export interface ModemPacket {
  readonly payload: Uint8Array;
  /** dBm */
  readonly rssi?: number | undefined;
  /** dB */
  readonly snr?: number | undefined;
}

/** What a line that nobody asked for means. */
export interface Heard {
  /** Its name among the messages that are counted. */
  readonly message: string;
  readonly packet?: ModemPacket | undefined;
  /** What has to be said next for the modem to go on. */
  readonly next?: readonly Step[];
  /** The modem has lost its settings: it is to be set up again. */
  readonly restarted?: true;
}

/** One make of LoRa modem: what is said to it, and what its lines mean. It remembers the packet that is being printed. */
export interface Dialect {
  /** From whatever state it is in to listening. */
  readonly setUp: readonly Step[];
  /** Whether it still listens; anything but success sets it up again. */
  readonly check: readonly Step[];
  /** The commands that transmit; `send` is the one whose outcome is the beacon's. */
  beacon(beacon: BeaconRequest): {
    readonly before: readonly Step[];
    readonly send: Step;
    readonly after: readonly Step[];
  };
  /** Understands a line by itself, or as the rest of what came before; undefined where it means nothing. */
  hear(line: string): Heard | undefined;
  /** What was being printed is all that comes. */
  settle(): ModemPacket | undefined;
}

/** 255 bytes at spreading factor 12 and 125 kHz are 9 seconds on the air. */
export const SEND_MS = 15_000;

/** Bytes of pairs of hexadecimal digits, spaces among them allowed; undefined where they are none, or not 1 to 255. */
export function readHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(' ', '');
  if (!/^(?:[0-9A-Fa-f]{2}){1,255}$/.test(digits)) return undefined;
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

export const writeHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
