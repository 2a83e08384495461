import type { Fields } from '../../readings/index.ts';
import { SatelliteTable } from './satellites.ts';

type Writable<T> = { -readonly [N in keyof T]: T[N] };

const MAX_USED = 96;

/** Of a receiver that has told no satellites for so long, dilutions of precision are all there is. Some tell them every 10 s. */
const NO_VIEW_MS = 15_000;

/** The dilutions of precision, in hundredths. */
export interface Dilution {
  gdop: number;
  pdop: number;
  hdop: number;
  vdop: number;
  tdop: number;
}

/**
 * Gathers what a receiver tells of its satellites, over epochs: it tells its view of them less often than the dilutions of precision
 * and the satellites used. A reading is made of a whole view, with the latest of the others. Those alone are no view, and thinning
 * would keep them in place of one: they make a reading only of a receiver that tells no view.
 */
export class SkyDraft {
  readonly satellites = new SatelliteTable();
  readonly dilution: Dilution = {
    gdop: Number.NaN,
    pdop: Number.NaN,
    hdop: Number.NaN,
    vdop: Number.NaN,
    tdop: Number.NaN,
  };
  readonly #used = new Int32Array(MAX_USED);
  #usedCount = 0;
  #usedTold = false;
  /** The used satellites are of the epoch that is open. */
  #usedNow = false;
  /** A part of the view has come to its end. */
  #complete = false;
  /** A part of the view has begun, and not come to its end. */
  #pending = false;
  /** The part that is pending began in the epoch that is open. */
  #pendingNow = false;
  /** Something of the view is lost. */
  #broken = false;
  /** When the last view was told, or the first epoch closed: on arrival, and by the receiver. */
  #since = { t: Number.NaN, time: Number.NaN };

  /** The receiver tells which satellites it uses, even if none. */
  usedIsKnown(): void {
    if (!this.#usedNow) this.#usedCount = 0;
    this.#usedNow = true;
    this.#usedTold = true;
  }

  /** A satellite is used in the fix. Some receivers name it once for each of its signals. */
  use(gnssid: number, svid: number): void {
    const key = gnssid * 1000 + svid;
    for (let index = 0; index < this.#usedCount; index++) if (this.#used[index] === key) return;
    if (this.#usedCount < MAX_USED) this.#used[this.#usedCount++] = key;
  }

  /** One message has the whole view: what was there goes. */
  beginView(): void {
    this.satellites.clear();
    this.#complete = true;
    this.#pending = false;
    this.#broken = false;
  }

  /** A part of the view begins, one constellation's or signal's. */
  beginPart(): void {
    if (this.#pending && this.#pendingNow) this.#broken = true;
    else if (this.#pending) this.#clear();
    this.#pending = true;
    this.#pendingNow = true;
  }

  /** The part that had begun is whole. */
  endPart(): void {
    this.#pending = false;
    this.#complete = true;
  }

  /** A message of a part is lost: what there is of the view is no view. */
  breakPart(): void {
    this.#pending = false;
    this.#broken = true;
  }

  /**
   * Ends an epoch. Gives the fields of its reading, if it makes one.
   *
   * @param t when it arrived, ms since the Unix epoch
   * @param time the receiver's time of it, likewise; NaN where it is not known
   */
  close(t: number, time: number): Fields<'gnss.sky'> | undefined {
    const fields: Writable<Fields<'gnss.sky'>> = {};
    if (Number.isNaN(this.#since.t)) this.#since = { t, time };
    const isView = this.#complete && !this.#pending && !this.#broken;
    if (isView) {
      this.#since = { t, time };
      this.#addView(fields);
    }
    if (!this.#pending) this.#clear();
    this.#pendingNow = false;
    this.#usedNow = false;
    if (!isView && !this.#tellsNoViews(t, time)) return undefined;
    this.#addRest(fields);
    if (Object.keys(fields).length === 0) return undefined;
    if (!Number.isNaN(time)) fields.time = time;
    return fields;
  }

  #addView(fields: Writable<Fields<'gnss.sky'>>): void {
    for (let index = 0; index < this.#usedCount; index++) {
      const key = this.#used[index] ?? 0;
      this.satellites.markUsed(Math.floor(key / 1000), key % 1000);
    }
    fields.nSat = this.satellites.satellites(false);
    if (!this.#usedTold) fields.uSat = this.satellites.satellites(true);
    fields.satellites = this.satellites.packed();
  }

  /** The latest of what goes with a view. None of it is told twice. */
  #addRest(fields: Writable<Fields<'gnss.sky'>>): void {
    if (this.#usedTold) fields.uSat = this.#usedCount;
    const dilution = this.dilution;
    const { gdop, pdop, hdop, vdop, tdop } = dilution;
    if (isDilution(gdop)) fields.gdop = gdop;
    if (isDilution(pdop)) fields.pdop = pdop;
    if (isDilution(hdop)) fields.hdop = hdop;
    if (isDilution(vdop)) fields.vdop = vdop;
    if (isDilution(tdop)) fields.tdop = tdop;
    dilution.gdop = dilution.pdop = dilution.hdop = dilution.vdop = dilution.tdop = Number.NaN;
    this.#usedTold = false;
    this.#usedCount = 0;
  }

  #tellsNoViews(t: number, time: number): boolean {
    const byReceiver = time - this.#since.time;
    const elapsed = Number.isNaN(byReceiver) ? t - this.#since.t : byReceiver;
    // One of the clocks was set back.
    if (elapsed < 0) this.#since = { t, time };
    return elapsed >= NO_VIEW_MS;
  }

  #clear(): void {
    this.satellites.clear();
    this.#complete = false;
    this.#pending = false;
    this.#broken = false;
  }
}

/** Receivers write 99, 99.9 or 99.99 where they know none. */
const isDilution = (value: number): boolean => value >= 0 && value < 9_900;
