import type { MessageCounter } from '../../counter.ts';
import type { Epoch } from '../epoch.ts';
import { Bits } from './bits.ts';
import { StationEpoch } from './epoch.ts';
import { isMsm, msm } from './msm.ts';
import { codeOfMessage, codeOfStation, codeOfUblox, hasStation, nameOf, UBLOX_MESSAGE } from './names.ts';
import { station } from './station.ts';
import { StationClock } from './time.ts';

/** Bytes before the message: preamble and length. */
const HEADER = 3;
const CRC = 3;

/**
 * Decodes RTCM3 messages (RTCM 10403.3): the station's position of 1005 and 1006, the MSM messages in summary, the mask
 * of 1230, the date of 1013 and 1029. All are counted by number (DF002) and by reference station (DF003), u-blox's 4072
 * by subtype as well. A message shorter than its number says is counted only.
 */
export class Rtcm3Decoder {
  readonly #bits = new Bits();
  readonly #epoch = new StationEpoch();
  readonly #clock: StationClock;

  /** @param referenceTime a time near the recording, for a wire that tells no date. */
  constructor(referenceTime: number, out: Epoch) {
    this.#clock = new StationClock(referenceTime, out.clock);
  }

  /** Takes the frame at [start, end), whose CRC holds. Readings go to `out`. */
  decode(buffer: Uint8Array, start: number, end: number, out: Epoch, messages: MessageCounter): void {
    const bits = this.#bits;
    bits.take(buffer, start + HEADER, end - CRC);
    if (bits.length < 16) {
      messages.countText('RTCM-empty');
      return;
    }
    const number = bits.unsigned(0, 12);
    if (number === UBLOX_MESSAGE && bits.length >= 24) messages.count(codeOfUblox(bits.unsigned(12, 12)), nameOf);
    else messages.count(codeOfMessage(number), nameOf);
    if (bits.length >= 24 && hasStation(number)) messages.count(codeOfStation(bits.unsigned(12, 12)), nameOf);
    if (isMsm(number)) {
      const message = msm(bits, number, this.#clock, out.now);
      if (message !== undefined) this.#epoch.add(message, out);
    } else this.#other(number, bits, out);
  }

  /** The line is quiet, or at its end: no more comes of this epoch. */
  close(out: Epoch): void {
    this.#epoch.close(out);
  }

  #other(number: number, bits: Bits, out: Epoch): void {
    switch (number) {
      case 1005:
      case 1006: {
        const fields = station(bits, number);
        if (fields !== undefined) out.emit({ kind: 'rtcm.station', t: out.now, fields });
        break;
      }
      case 1013:
      case 1029:
        if (bits.length >= 57) this.#clock.setDay(bits.unsigned(24, 16), bits.unsigned(40, 17));
        break;
      case 1230:
        if (bits.length >= 32) this.#epoch.biases(bits.unsigned(12, 12), bits.unsigned(28, 4));
        break;
    }
  }
}
