import { ascii, NOTHING } from './device.ts';
import { nmeaSentence } from './nmea-sentence.ts';
import { UbxPayload } from './ubx-frame.ts';

const MAX_WAITING = 4_096;
const MIN_PERIOD_MS = 25;
const MAX_PERIOD_MS = 65_535;

/** u-blox M9 interface description, "Configuration reference": the keys that this receiver obeys. */
const CFG_RATE_MEAS = 0x3021_0001;
/** CFG-MSGOUT-UBX_..._UART1, with the message's class and id. */
const MESSAGE_OF_KEY: ReadonlyMap<number, number> = new Map([
  [0x2091_0007, 0x0107], // NAV-PVT
  [0x2091_0016, 0x0135], // NAV-SAT
  [0x2091_0039, 0x0104], // NAV-DOP
  [0x2091_035a, 0x0a38], // MON-RF
  [0x2091_0635, 0x2709], // SEC-SIG
  [0x2091_02a0, 0x1003], // ESF-RAW
  [0x2091_0278, 0x1002], // ESF-MEAS
]);
/** Bytes of a value by bits 28 to 30 of its key: one bit, 1, 2, 4, 8 bytes. */
const SIZE_OF_KEY = [0, 1, 1, 2, 4, 8] as const;

/** Class and id of a message, as one number. */
const CFG_PRT = 0x0600;
const CFG_MSG = 0x0601;
const CFG_RATE = 0x0608;
const CFG_VALSET = 0x068a;
const MON_VER = 0x0a04;

/** What a receiver is told over its port: UBX-CFG messages, and PMTK, PAIR and PQTM sentences. Each is answered. */
export class ReceiverCommands {
  #periodMs: number;
  /** Each so many epochs, by class and id; a message that is not named comes as the receiver gives it. */
  readonly #everyOf = new Map<number, number>();
  #waiting: Uint8Array = NOTHING;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  get periodMs(): number {
    return this.#periodMs;
  }

  /** Takes bytes that were sent to the receiver; returns its answers to the commands that they complete. */
  take(bytes: Uint8Array): Uint8Array {
    let rest: Uint8Array = Buffer.concat([this.#waiting, bytes]).subarray(-MAX_WAITING);
    const answers: Uint8Array[] = [];
    for (;;) {
      const start = rest.findIndex((byte) => byte === 0xb5 || byte === 0x24);
      if (start < 0) {
        rest = NOTHING;
        break;
      }
      rest = rest.subarray(start);
      const length = rest[0] === 0xb5 ? ubxLength(rest) : sentenceLength(rest);
      if (length === undefined) break;
      if (length === 0) {
        rest = rest.subarray(1);
        continue;
      }
      const frame = rest.subarray(0, length);
      answers.push(frame[0] === 0xb5 ? this.#obeyUbx(frame) : this.#obeySentence(frame));
      rest = rest.subarray(length);
    }
    this.#waiting = Uint8Array.from(rest);
    return Buffer.concat(answers);
  }

  /** Those of an epoch's UBX frames that the receiver was left to send. */
  select(epoch: Uint8Array, index: number): Uint8Array {
    if (this.#everyOf.size === 0) return epoch;
    const kept: Uint8Array[] = [];
    for (let at = 0; at < epoch.length; ) {
      const length = epoch[at] === 0xb5 ? (ubxLength(epoch.subarray(at)) ?? 0) : 0;
      if (length === 0) return epoch;
      const every = this.#everyOf.get(u2(epoch, at + 2));
      if (every === undefined || (every > 0 && index % every === 0)) kept.push(epoch.subarray(at, at + length));
      at += length;
    }
    return Buffer.concat(kept);
  }

  #obeyUbx(frame: Uint8Array): Uint8Array {
    const message = u2(frame, 2);
    const payload = frame.subarray(6, -2);
    switch (message) {
      case CFG_VALSET:
        return acknowledge(message, this.#setValues(payload));
      case CFG_MSG:
        return acknowledge(message, this.#setMessage(payload));
      case CFG_RATE:
        return acknowledge(message, payload.length === 6 && this.#setPeriod(le(payload, 0, 2)));
      case CFG_PRT:
        return acknowledge(message, payload.length === 20);
      case MON_VER:
        return version();
      default:
        // Of the configuration class, whatever is not understood is refused; any other message is passed over.
        return message >> 8 === 0x06 ? acknowledge(message, false) : NOTHING;
    }
  }

  /** UBX-CFG-VALSET: version, layers, two reserved bytes, then keys with their values. All or nothing is set. */
  #setValues(payload: Uint8Array): boolean {
    const values: [key: number, value: number][] = [];
    for (let at = 4; at < payload.length; ) {
      const key = le(payload, at, 4);
      const size = SIZE_OF_KEY[(key >>> 28) & 7];
      if (size === undefined || size === 0 || at + 4 + size > payload.length) return false;
      values.push([key, le(payload, at + 4, Math.min(size, 4))]);
      at += 4 + size;
    }
    const rates = values.filter(([key]) => key === CFG_RATE_MEAS).map(([, value]) => value);
    if (!rates.every((rate) => this.#setPeriod(rate))) return false;
    for (const [key, value] of values) {
      const message = MESSAGE_OF_KEY.get(key);
      if (message !== undefined) this.#everyOf.set(message, value);
    }
    return payload.length > 4;
  }

  /** UBX-CFG-MSG: class, id, and a rate for this port or for each of six. */
  #setMessage(payload: Uint8Array): boolean {
    if (payload.length !== 3 && payload.length !== 8) return false;
    const rate = payload[payload.length === 3 ? 2 : 3] ?? 0;
    this.#everyOf.set(u2(payload, 0), rate);
    return true;
  }

  #setPeriod(ms: number): boolean {
    if (ms < MIN_PERIOD_MS || ms > MAX_PERIOD_MS) return false;
    this.#periodMs = ms;
    return true;
  }

  /** MediaTek's PMTK (001 acknowledges with 3), Airoha's PAIR (001 with 0) and Quectel's PQTM (with OK). */
  #obeySentence(frame: Uint8Array): Uint8Array {
    const body = Buffer.from(frame).toString('latin1').slice(1).split('*')[0] ?? '';
    const [name = '', argument = ''] = body.split(',');
    const number = /\d+$/.exec(name)?.[0] ?? '';
    if (name.startsWith('PMTK')) {
      const done = name !== 'PMTK220' || this.#setPeriod(Number(argument));
      return nmeaSentence(`PMTK001,${number},${done ? 3 : 2}`);
    }
    if (name.startsWith('PAIR')) {
      const done = name !== 'PAIR050' || this.#setPeriod(Number(argument));
      return nmeaSentence(`PAIR001,${number},${done ? 0 : 4}`);
    }
    return name.startsWith('PQTM') ? nmeaSentence(`${name},OK`) : NOTHING;
  }
}

/** Whole length of the UBX frame at the beginning; undefined while more must come, 0 where there is none. */
function ubxLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 2) return undefined;
  if (bytes[1] !== 0x62) return 0;
  if (bytes.length < 6) return undefined;
  const length = le(bytes, 4, 2) + 8;
  if (length > MAX_WAITING) return 0;
  if (bytes.length < length) return undefined;
  let [a, b] = [0, 0];
  for (const byte of bytes.subarray(2, length - 2)) {
    a = (a + byte) & 0xff;
    b = (b + a) & 0xff;
  }
  return a === bytes[length - 2] && b === bytes[length - 1] ? length : 0;
}

/** The same of a sentence with a right checksum, up to its line feed. */
function sentenceLength(bytes: Uint8Array): number | undefined {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return bytes.length > 255 ? 0 : undefined;
  const text = Buffer.from(bytes.subarray(1, end)).toString('latin1').trimEnd();
  const [body = ''] = text.split('*');
  return Buffer.from(nmeaSentence(body)).toString('latin1').trimEnd() === `$${text}` ? end + 1 : 0;
}

function acknowledge(message: number, done: boolean): Uint8Array {
  return new UbxPayload(2).u1(message >> 8, message & 0xff).frame(0x05, done ? 0x01 : 0x00);
}

/** UBX-MON-VER: software version in 30 bytes, hardware version in 10. */
function version(): Uint8Array {
  const text = (content: string, length: number) => ascii(content.padEnd(length, '\0'));
  return new UbxPayload(40).u1(...text('EXT CORE 4.04 (fieldseal)', 30), ...text('00190000', 10)).frame(0x0a, 0x04);
}

/** Two bytes as they stand: a UBX class and id. */
const u2 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function le(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + (bytes[at + byte] ?? 0);
  return value;
}
