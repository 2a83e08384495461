import type { MessageCounter } from '../../counter.ts';
import type { Epoch } from '../epoch.ts';
import { addressOf, isEnd } from './address.ts';
import { NmeaFields } from './fields.ts';
import { gga, gll, gns, gsaMode, gst, rmc, vtg, zda } from './sentences.ts';
import { NmeaSky } from './sky.ts';

/** Three letters of a sentence formatter in one number. */
const formatter = (text: string): number => (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);

const SENTENCES: ReadonlyMap<number, (fields: NmeaFields, epoch: Epoch) => void> = new Map([
  [formatter('GGA'), gga],
  [formatter('RMC'), rmc],
  [formatter('GLL'), gll],
  [formatter('GNS'), gns],
  [formatter('VTG'), vtg],
  [formatter('ZDA'), zda],
  [formatter('GST'), gst],
]);
const GSA = formatter('GSA');
const GSV = formatter('GSV');

const DOLLAR = 0x24;
const P = 0x50;

/**
 * Decodes NMEA 0183 sentences (IEC 61162-1) into an epoch. Any talker may send what is decoded. Proprietary sentences
 * ($P), encapsulated ones (!) and unknown formatters are counted by name and passed over.
 */
export class NmeaDecoder {
  readonly #fields = new NmeaFields();
  readonly #sky = new NmeaSky();

  /** Takes the sentence at [start, end), whose checksum holds. */
  decode(buffer: Uint8Array, start: number, end: number, epoch: Epoch, messages: MessageCounter): void {
    const comma = start + 6;
    const proprietary = buffer[start + 1] === P;
    const isStandard = buffer[start] === DOLLAR && !proprietary && end - 3 >= comma && isEnd(buffer[comma]);
    if (!isStandard) {
      messages.countText(addressOf(buffer, start, end));
      return;
    }
    const code = ((buffer[start + 3] ?? 0) << 16) | ((buffer[start + 4] ?? 0) << 8) | (buffer[start + 5] ?? 0);
    messages.count(code, nameOf);
    const decode = SENTENCES.get(code);
    if (decode === undefined && code !== GSA && code !== GSV) return;
    this.#fields.take(buffer, start, end);
    if (decode !== undefined) decode(this.#fields, epoch);
    else {
      const talker = ((buffer[start + 1] ?? 0) << 8) | (buffer[start + 2] ?? 0);
      if (code === GSV) this.#sky.gsv(this.#fields, talker, epoch);
      else {
        gsaMode(this.#fields, epoch.fix);
        this.#sky.gsa(this.#fields, talker, epoch);
      }
    }
  }
}

const nameOf = (code: number): string => String.fromCharCode(code >> 16, (code >> 8) & 0xff, code & 0xff);
