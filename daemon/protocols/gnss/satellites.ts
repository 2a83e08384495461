import { KINDS, recordWidth } from '../../readings/index.ts';

/** Constellation numbers of the gnss.sky table, which are u-blox's. */
export const GPS = 0;
export const SBAS = 1;
export const GALILEO = 2;
export const BEIDOU = 3;
export const QZSS = 5;
export const GLONASS = 6;
export const NAVIC = 7;

const SPEC = KINDS['gnss.sky'].fields.satellites;
const COLUMNS = SPEC.columns;
const WIDTH = recordWidth(SPEC);

/** Where each column lies in a packed row: columns stand in table order. */
const OFFSETS = ((): Readonly<Record<keyof typeof COLUMNS, number>> => {
  let next = 0;
  const place = (column: { readonly bytes: number }): number => {
    next += column.bytes;
    return next - column.bytes;
  };
  const { gnssid, svid, sigid, el, az, ss, used } = COLUMNS;
  return {
    gnssid: place(gnssid),
    svid: place(svid),
    sigid: place(sigid),
    el: place(el),
    az: place(az),
    ss: place(ss),
    used: place(used),
  };
})();

/** A satellite as one number. */
const satelliteKey = (gnssid: number, svid: number): number => gnssid * 1000 + svid;

/**
 * The satellites in view, written straight into the packed rows that the reading carries: a receiver of many signals
 * sends a hundred of them a second. NaN stands for a value that is not known; one outside its column's bounds counts as
 * not known.
 */
export class SatelliteTable {
  readonly #rows = new Uint8Array(SPEC.max * WIDTH);
  readonly #view = new DataView(this.#rows.buffer);
  readonly #keys = new Int32Array(SPEC.max);
  readonly #signals = new Int32Array(SPEC.max);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Adds a satellite's signal, or writes over the row that it has. Past 255 rows it is left out. */
  add(gnssid: number, svid: number, sigid: number, el: number, az: number, ss: number, used: boolean): void {
    if (!(svid >= COLUMNS.svid.min && svid <= COLUMNS.svid.max)) return;
    const key = satelliteKey(gnssid, svid);
    const signal = within(sigid, COLUMNS.sigid);
    let row = 0;
    while (row < this.#count && (this.#keys[row] !== key || this.#signals[row] !== signal)) row++;
    if (row === SPEC.max) return;
    if (row === this.#count) this.#count++;
    this.#keys[row] = key;
    this.#signals[row] = signal;
    const at = row * WIDTH;
    this.#rows[at + OFFSETS.gnssid] = within(gnssid, COLUMNS.gnssid);
    this.#view.setUint16(at + OFFSETS.svid, svid, true);
    this.#rows[at + OFFSETS.sigid] = signal;
    this.#view.setInt8(at + OFFSETS.el, within(el, COLUMNS.el));
    this.#view.setUint16(at + OFFSETS.az, within(az, COLUMNS.az), true);
    this.#rows[at + OFFSETS.ss] = within(ss, COLUMNS.ss);
    this.#rows[at + OFFSETS.used] = used ? 1 : 0;
  }

  /** Marks every signal of a satellite as used in the fix. */
  markUsed(gnssid: number, svid: number): void {
    const key = satelliteKey(gnssid, svid);
    for (let row = 0; row < this.#count; row++) {
      if (this.#keys[row] === key) this.#rows[row * WIDTH + OFFSETS.used] = 1;
    }
  }

  /** How many satellites there are, whatever the number of their signals; with `used`, of those alone. */
  satellites(used: boolean): number {
    let satellites = 0;
    for (let row = 0; row < this.#count; row++) {
      if ((used && this.#rows[row * WIDTH + OFFSETS.used] !== 1) || this.#seenBefore(row)) continue;
      satellites++;
    }
    return satellites;
  }

  packed(): Uint8Array {
    return this.#rows.slice(0, this.#count * WIDTH);
  }

  #seenBefore(row: number): boolean {
    const key = this.#keys[row];
    for (let earlier = 0; earlier < row; earlier++) if (this.#keys[earlier] === key) return true;
    return false;
  }
}

function within(value: number, column: { readonly min: number; readonly max: number; readonly none: number }): number {
  return value >= column.min && value <= column.max ? value : column.none;
}
