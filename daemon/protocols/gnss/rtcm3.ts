import type { MessageCounter } from '../counter.ts';

/** Bytes before the message: preamble and length. */
const HEADER = 3;
const CRC = 3;

/** The message numbers have 12 bits; the codes of their names stand above those of UBX. */
const RTCM3_CODE = 0x100_0000;

/**
 * Messages whose number is followed by a reference station id (RTCM 10403.3, section 3.5): observables, stations, MSM.
 */
function hasStation(number: number): boolean {
  return (
    (number >= 1001 && number <= 1013) ||
    (number >= 1029 && number <= 1039) ||
    (number >= 1071 && number <= 1137) ||
    number === 1230
  );
}

/**
 * Counts an RTCM3 message by its number (DF002, the first 12 bits), and by its reference station id (DF003, the next
 * 12) where it has one. Corrections are not readings, so nothing more is decoded.
 */
export function countRtcm3(buffer: Uint8Array, start: number, end: number, messages: MessageCounter): void {
  const length = end - start - HEADER - CRC;
  const at = start + HEADER;
  if (length < 2) {
    messages.countText('RTCM-empty');
    return;
  }
  const number = ((buffer[at] ?? 0) << 4) | ((buffer[at + 1] ?? 0) >> 4);
  messages.count(RTCM3_CODE | number, nameOf);
  if (length >= 3 && hasStation(number)) {
    const station = (((buffer[at + 1] ?? 0) & 0x0f) << 8) | (buffer[at + 2] ?? 0);
    messages.count(RTCM3_CODE | 0x1000 | station, nameOf);
  }
}

const nameOf = (code: number): string =>
  (code & 0x1000) === 0 ? `RTCM-${code & 0xfff}` : `RTCM-station-${code & 0xfff}`;
