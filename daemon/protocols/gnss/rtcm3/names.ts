/**
 * Messages whose number is followed by a reference station id (RTCM 10403.3, section 3.5): observables, stations, MSM.
 */
export function hasStation(number: number): boolean {
  return (
    (number >= 1001 && number <= 1013) ||
    (number >= 1029 && number <= 1039) ||
    (number >= 1071 && number <= 1137) ||
    number === 1230
  );
}

/** u-blox's own message (u-blox F9 interface description, "RTCM 4072"): the next 12 bits are its subtype. */
export const UBLOX_MESSAGE = 4072;

/** The codes of the names stand above those of UBX: a kind of name, and the 12 bits of its number. */
const CODE = 0x100_0000;
const STATION = 0x1000;
const UBLOX = 0x2000;

export const codeOfMessage = (number: number): number => CODE | number;
export const codeOfStation = (station: number): number => CODE | STATION | station;
export const codeOfUblox = (subtype: number): number => CODE | UBLOX | subtype;

/** RTCM-1077, RTCM-station-7, RTCM-4072.1 */
export function nameOf(code: number): string {
  const number = code & 0xfff;
  if ((code & STATION) !== 0) return `RTCM-station-${number}`;
  return (code & UBLOX) === 0 ? `RTCM-${number}` : `RTCM-${UBLOX_MESSAGE}.${number}`;
}
