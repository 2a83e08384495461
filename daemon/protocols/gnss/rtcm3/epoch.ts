import { type Fields, KINDS, packRecords, type RecordRow } from '../../../readings/index.ts';
import type { Epoch } from '../epoch.ts';
import type { Msm } from './msm.ts';

type EpochFields = { -readonly [N in keyof Fields<'rtcm.epoch'>]: Fields<'rtcm.epoch'>[N] };

const MESSAGES = KINDS['rtcm.epoch'].fields.messages;

/** The systems' times of one epoch are the same instant, each in whole milliseconds. */
const SAME_TIME_MS = 2;

/**
 * Gathers the MSM messages of one epoch of a reference station, and makes of them one rtcm.epoch. The message whose
 * multiple message bit (DF393) is clear closes the epoch; so does one of another time or station, where that was lost.
 */
export class StationEpoch {
  readonly #rows: RecordRow[] = [];
  #t = Number.NaN;
  #station = 0;
  #time = Number.NaN;
  #satellites = 0;
  #cells = 0;
  #biasStation = -1;
  #biasMask = 0;

  /** Takes a message; what it completes goes out through the navigation epoch, so that all stay in their order. */
  add(message: Msm, out: Epoch): void {
    const isApart = Math.abs(message.time - this.#time) > SAME_TIME_MS || message.station !== this.#station;
    if (this.#rows.length > 0 && (isApart || this.#rows.length === MESSAGES.max)) this.close(out);
    if (this.#rows.length === 0) {
      this.#t = out.now;
      this.#station = message.station;
      this.#time = message.time;
    }
    if (Number.isNaN(this.#time)) this.#time = message.time;
    this.#rows.push(message.row);
    this.#satellites += message.satellites;
    this.#cells += message.cells;
    if (!message.more) this.close(out);
  }

  /** 1230 stands outside of the epochs: its mask goes with the next of its station. */
  biases(station: number, mask: number): void {
    this.#biasStation = station;
    this.#biasMask = mask;
  }

  /** What is known of the epoch becomes a reading. */
  close(out: Epoch): void {
    if (this.#rows.length === 0) return;
    const fields: EpochFields = {
      station: this.#station,
      satellites: this.#satellites,
      signals: this.#cells,
      messages: packRecords(MESSAGES, this.#rows),
    };
    if (!Number.isNaN(this.#time)) fields.time = this.#time;
    if (this.#biasStation === this.#station) {
      fields.glonassBiases = this.#biasMask;
      this.#biasStation = -1;
    }
    out.emit({ kind: 'rtcm.epoch', t: this.#t, fields });
    this.#rows.length = 0;
    this.#time = Number.NaN;
    this.#satellites = 0;
    this.#cells = 0;
  }
}
