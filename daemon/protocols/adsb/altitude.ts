/** Millimetres of a foot. */
export const FOOT = 304.8;

/**
 * Altitude of the 12-bit code of an airborne position, in millimetres (ICAO Annex 10, volume IV, 3.1.2.6.5.4, without
 * the M bit): steps of 25 feet where the Q bit is set, else Gillham's code in steps of 100 feet. Undefined for zero,
 * which says that there is none, and for codes that no encoder makes. GNSS heights are coded alike.
 */
export function altitudeOf12(code: number): number | undefined {
  if (code === 0) return undefined;
  if ((code & 0x10) !== 0) {
    const steps = ((code & 0xfe0) >> 1) | (code & 0xf);
    return Math.round((steps * 25 - 1000) * FOOT);
  }
  const hundreds = gillham(((code & 0xfc0) << 1) | (code & 0x3f));
  return hundreds === undefined ? undefined : Math.round(hundreds * 100 * FOOT);
}

/** Bits of the 13-bit identity and altitude codes, from the first sent: C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4. */
const [C1, A1, C2, A2, C4, A4, , B1, D1, B2, D2, B4, D4] = Array.from({ length: 13 }, (_, at) => 1 << (12 - at));

const digit = (code: number, one = 0, two = 0, four = 0): number =>
  (code & one ? 1 : 0) | (code & two ? 2 : 0) | (code & four ? 4 : 0);

/** The four octal digits of a Mode A code, written as a decimal number (Annex 10, volume IV, 3.1.2.6.7.1). */
export function squawkOf13(code: number): number {
  return (
    digit(code, A1, A2, A4) * 1000 +
    digit(code, B1, B2, B4) * 100 +
    digit(code, C1, C2, C4) * 10 +
    digit(code, D1, D2, D4)
  );
}

/** Hundreds of feet of a code in Gillham's way (Annex 10, volume IV, appendix to chapter 3); undefined where it is none. */
function gillham(code: number): number | undefined {
  // D1 would be needed above 62,700 feet only, and is never set.
  if (D1 !== undefined && (code & D1) !== 0) return undefined;
  const hundreds = fromGray(digit(code, C4, C2, C1));
  // The Gray code of five steps skips 5 and 6, and 7 stands for the fifth.
  if (hundreds === 0 || hundreds === 5 || hundreds === 6) return undefined;
  const step = hundreds === 7 ? 5 : hundreds;
  const fiveHundreds = fromGray((digit(code, D4, D2) << 6) | (digit(code, A4, A2, A1) << 3) | digit(code, B4, B2, B1));
  return fiveHundreds * 5 + (fiveHundreds % 2 === 0 ? step : 6 - step) - 13;
}

function fromGray(code: number): number {
  let value = code;
  for (let shift = 1; shift < 16; shift <<= 1) value ^= value >> shift;
  return value;
}
