const COMMA = 0x2c;
const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const MAX_FIELDS = 64;

const POWERS: readonly number[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

/** Digits after the decimal point of a minute that are read: 1e-9 minutes are 2 micrometres. */
const MINUTE_DIGITS = 9;
/** 1e-7 degrees in units of 1e-9 minutes. */
const MINUTE_UNITS = 6000;

/**
 * The fields of one NMEA sentence, by their place in it: 0 is the address. Reads numbers straight from the bytes, with
 * integer arithmetic. NaN stands for a field that is empty, absent or not of its form. One object serves all sentences.
 */
export class NmeaFields {
  #buffer: Uint8Array = new Uint8Array(0);
  /** Where each field begins; the next one's begin, less one, is its end. */
  readonly #begins = new Int32Array(MAX_FIELDS + 1);
  #count = 0;

  /** Takes the sentence whose delimiter stands at `start` and whose checksum ends before `end`. */
  take(buffer: Uint8Array, start: number, end: number): void {
    this.#buffer = buffer;
    const begins = this.#begins;
    const last = end - 3;
    let count = 1;
    begins[0] = start + 1;
    for (let at = start + 1; at < last; at++) {
      if (buffer[at] === COMMA && count < MAX_FIELDS) begins[count++] = at + 1;
    }
    begins[count] = last + 1;
    this.#count = count;
  }

  /** How many fields there are, the address included. */
  get count(): number {
    return this.#count;
  }

  isEmpty(field: number): boolean {
    return field >= this.#count || this.#end(field) <= this.#begin(field);
  }

  /** The first byte of a field; 0 where it is empty. */
  byte(field: number): number {
    return this.isEmpty(field) ? 0 : (this.#buffer[this.#begin(field)] ?? 0);
  }

  /** The byte at an offset within a field; 0 past its end. */
  byteAt(field: number, offset: number): number {
    const at = this.#begin(field) + offset;
    return field < this.#count && at < this.#end(field) ? (this.#buffer[at] ?? 0) : 0;
  }

  /** A decimal number in units of 10^-digits, rounded half away from zero. */
  decimal(field: number, digits: number): number {
    if (this.isEmpty(field)) return Number.NaN;
    const buffer = this.#buffer;
    const end = this.#end(field);
    let at = this.#begin(field);
    const sign = buffer[at];
    if (sign === MINUS || sign === PLUS) at++;
    const magnitude = this.#magnitude(at, end, digits);
    return sign === MINUS ? -magnitude : magnitude;
  }

  /** A whole number without sign. */
  integer(field: number): number {
    if (this.isEmpty(field)) return Number.NaN;
    return this.#digits(this.#begin(field), this.#end(field));
  }

  /** Milliseconds since midnight of hhmmss.sss (IEC 61162-1, field type hhmmss.ss); 60 seconds are a leap second. */
  timeOfDay(field: number): number {
    if (this.isEmpty(field)) return Number.NaN;
    const begin = this.#begin(field);
    const end = this.#end(field);
    if (end - begin < 6) return Number.NaN;
    const hours = this.#digits(begin, begin + 2);
    const minutes = this.#digits(begin + 2, begin + 4);
    const ms = this.#magnitude(begin + 4, end, 3);
    if (!(hours < 24 && minutes < 60 && ms < 61_000) || (end > begin + 6 && this.#buffer[begin + 6] !== DOT)) {
      return Number.NaN;
    }
    return (hours * 60 + minutes) * 60_000 + ms;
  }

  /** Two digits of a field, from an offset: a part of ddmmyy. */
  pair(field: number, offset: number): number {
    const at = this.#begin(field) + offset;
    return field < this.#count && at + 2 <= this.#end(field) ? this.#digits(at, at + 2) : Number.NaN;
  }

  length(field: number): number {
    return field < this.#count ? this.#end(field) - this.#begin(field) : 0;
  }

  /** ddmm.mmmm,N or S, in 1e-7 degrees; NaN unless both fields hold it. */
  latitude(field: number): number {
    const hemisphere = this.byte(field + 1);
    if (hemisphere !== 0x4e && hemisphere !== 0x53) return Number.NaN;
    const magnitude = this.#angle(field);
    if (!(magnitude <= 900_000_000)) return Number.NaN;
    return hemisphere === 0x53 ? 0 - magnitude : magnitude;
  }

  /** dddmm.mmmm,E or W, in 1e-7 degrees; NaN unless both fields hold it. */
  longitude(field: number): number {
    const hemisphere = this.byte(field + 1);
    if (hemisphere !== 0x45 && hemisphere !== 0x57) return Number.NaN;
    const magnitude = this.#angle(field);
    if (!(magnitude <= 1_800_000_000)) return Number.NaN;
    return hemisphere === 0x57 ? 0 - magnitude : magnitude;
  }

  /** How many digits stand behind the decimal point of a field. */
  fraction(field: number): number {
    if (this.isEmpty(field)) return 0;
    const end = this.#end(field);
    for (let at = this.#begin(field); at < end; at++) {
      if (this.#buffer[at] === DOT) return end - at - 1;
    }
    return 0;
  }

  /** Whole minutes and their fraction become 1e-9 minutes, an exact integer; one rounding makes them 1e-7 degrees. */
  #angle(field: number): number {
    if (this.isEmpty(field)) return Number.NaN;
    const units = this.#magnitude(this.#begin(field), this.#end(field), MINUTE_DIGITS);
    const unit = 10 ** MINUTE_DIGITS;
    const degrees = Math.floor(units / (100 * unit));
    const minutes = units - degrees * 100 * unit;
    return minutes < 60 * unit ? degrees * 1e7 + Math.round(minutes / MINUTE_UNITS) : Number.NaN;
  }

  /** Digits, with or without a point, in units of 10^-digits; NaN for anything else. */
  #magnitude(begin: number, end: number, digits: number): number {
    const buffer = this.#buffer;
    let value = 0;
    let at = begin;
    for (; at < end; at++) {
      const digit = (buffer[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const whole = at - begin;
    if (at === end) return whole === 0 ? Number.NaN : value * (POWERS[digits] ?? 1);
    if (buffer[at] !== DOT || (whole === 0 && at + 1 === end)) return Number.NaN;
    let kept = 0;
    let roundUp = 0;
    for (at++; at < end; at++) {
      const digit = (buffer[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return Number.NaN;
      if (kept < digits) value = value * 10 + digit;
      else if (kept === digits) roundUp = digit >= 5 ? 1 : 0;
      kept++;
    }
    return (kept < digits ? value * (POWERS[digits - kept] ?? 1) : value) + roundUp;
  }

  #digits(begin: number, end: number): number {
    let value = 0;
    for (let at = begin; at < end; at++) {
      const digit = (this.#buffer[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return Number.NaN;
      value = value * 10 + digit;
    }
    return end > begin ? value : Number.NaN;
  }

  #begin(field: number): number {
    return this.#begins[field] ?? 0;
  }

  #end(field: number): number {
    return (this.#begins[field + 1] ?? 0) - 1;
  }
}
