import type { MessageCounter } from '../../counter.ts';
import type { Epoch } from '../epoch.ts';
import { meas, raw } from './esf.ts';
import { hw, rf, sig } from './integrity.ts';
import { ubxName } from './names.ts';
import { dop, eoe, hpposllh, posllh, pvt, sol, status, timegps, timeutc, velned } from './nav.ts';
import { UbxPayload } from './payload.ts';
import { sat, svinfo } from './sky.ts';

interface Message {
  /** Bytes of payload below which the message is counted but not decoded. */
  readonly least: number;
  readonly decode: (payload: UbxPayload, epoch: Epoch) => void;
}

/** Messages that are decoded, by class and id. */
const MESSAGES: ReadonlyMap<number, Message> = new Map([
  [0x0102, { least: 28, decode: posllh }],
  [0x0103, { least: 16, decode: status }],
  [0x0104, { least: 18, decode: dop }],
  [0x0106, { least: 52, decode: sol }],
  [0x0107, { least: 84, decode: pvt }],
  [0x0112, { least: 36, decode: velned }],
  [0x0114, { least: 36, decode: hpposllh }],
  [0x0120, { least: 16, decode: timegps }],
  [0x0121, { least: 20, decode: timeutc }],
  [0x0130, { least: 8, decode: svinfo }],
  [0x0135, { least: 8, decode: sat }],
  [0x0161, { least: 4, decode: eoe }],
  [0x0a09, { least: 60, decode: hw }],
  [0x0a38, { least: 4, decode: rf }],
  [0x1002, { least: 8, decode: meas }],
  [0x1003, { least: 4, decode: raw }],
  [0x2709, { least: 4, decode: sig }],
]);

/**
 * Decodes UBX messages (u-blox interface descriptions, generations 4 to 20) into an epoch; others are counted by name.
 */
export class UbxDecoder {
  readonly #payload = new UbxPayload();

  /** Takes the frame at [start, end), whose checksum holds. A payload shorter than its message's is counted only. */
  decode(buffer: Uint8Array, start: number, end: number, epoch: Epoch, messages: MessageCounter): void {
    const code = ((buffer[start + 2] ?? 0) << 8) | (buffer[start + 3] ?? 0);
    messages.count(code, nameOf);
    const message = MESSAGES.get(code);
    if (message === undefined || end - start - 8 < message.least) return;
    this.#payload.take(buffer, start, end);
    message.decode(this.#payload, epoch);
  }
}

const nameOf = (code: number): string => ubxName(code >> 8, code & 0xff);
