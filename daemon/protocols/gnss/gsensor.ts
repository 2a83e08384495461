const COMMA = 0x2c;
const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const SPACE = 0x20;
const ZERO = 0x30;
const LETTER_D = 0x44;
const NAME = '$GSENSOR';

/** Digits of a number that are read on either side of its point. */
const MAX_DIGITS = 9;
const FRACTION_DIGITS = 6;

/**
 * A line of a dashcam's accelerometer: `$GSENSORD,x,y,z` or `$GSENSOR,x,y,z`, ended by CR or LF, without a checksum.
 * Nobody has specified it: this is how firmware writes it, read out of logs and sources that are public. Further fields
 * may follow (some firmware appends a gyroscope in brackets, in units that nobody tells); they are passed over.
 */
export class GsensorLine {
  /** x, y and z in 1e-6 of what the line counts. */
  readonly values = new Float64Array(3);
  /** A number has a point: the line is in g. Otherwise it holds counts of the sensor. */
  decimal = false;
  /** A number has a minus sign. */
  negative = false;
  #at = 0;

  /** Reads the line at [start, end), without its CR or LF; false where it is none. */
  read(buffer: Uint8Array, start: number, end: number): boolean {
    for (let index = 0; index < NAME.length; index++) {
      if (buffer[start + index] !== NAME.charCodeAt(index)) return false;
    }
    this.decimal = false;
    this.negative = false;
    this.#at = start + NAME.length;
    if (buffer[this.#at] === LETTER_D) this.#at++;
    for (let axis = 0; axis < 3; axis++) {
      if (this.#at >= end || buffer[this.#at] !== COMMA) return false;
      this.#at++;
      const value = this.#number(buffer, end);
      if (Number.isNaN(value)) return false;
      this.values[axis] = value;
    }
    return this.#at === end || buffer[this.#at] === COMMA;
  }

  /** The decimal number at `#at`, in 1e-6, which it moves past; NaN where none stands there. */
  #number(buffer: Uint8Array, end: number): number {
    while (this.#at < end && buffer[this.#at] === SPACE) this.#at++;
    const sign = buffer[this.#at];
    if (sign === MINUS) this.negative = true;
    if (sign === MINUS || sign === PLUS) this.#at++;
    let value = 0;
    let digits = 0;
    let fraction = -1;
    for (; this.#at < end; this.#at++) {
      const byte = buffer[this.#at] ?? 0;
      if (byte === DOT && fraction < 0) {
        this.decimal = true;
        fraction = 0;
        continue;
      }
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9) break;
      if (fraction >= FRACTION_DIGITS) continue;
      value = value * 10 + digit;
      digits++;
      if (fraction >= 0) fraction++;
      else if (digits > MAX_DIGITS) return Number.NaN;
    }
    if (digits === 0) return Number.NaN;
    const scaled = value * 10 ** (FRACTION_DIGITS - Math.max(fraction, 0));
    return sign === MINUS ? 0 - scaled : scaled;
  }
}
