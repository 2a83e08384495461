import { parityRemainder } from './parity.ts';

/** Bits of a parity remainder that an all-call reply uses for the interrogator's code (Annex 10, 3.1.2.3.3.2). */
export const INTERROGATOR_BITS = 0x7f;

/** What a downlink format is called where it is counted (ICAO Annex 10, volume IV, table 3-3); by its number. */
const NAMES: readonly (string | undefined)[] = [
  'DF0',
  undefined,
  undefined,
  undefined,
  'DF4',
  'DF5',
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  'DF11',
  undefined,
  undefined,
  undefined,
  undefined,
  'DF16',
  'DF17',
  'DF18',
  'DF19',
  'DF20',
  'DF21',
];

/** Downlink format of a message: its first five bits; 24 for all that begin with 11 (Comm-D). */
export function downlinkFormat(message: Uint8Array): number {
  return Math.min((message[0] ?? 0) >> 3, 24);
}

/** The name of a downlink format; undefined for one that is not assigned. */
export function downlinkName(format: number): string | undefined {
  return format === 24 ? 'DF24' : NAMES[format];
}

/**
 * Why bytes of a length are no Mode S message; undefined where they can be one. The parity of squitters proves
 * them; a reply's parity carries the address of the aircraft, which nobody here knows, so it cannot be checked.
 */
export function downlinkFault(message: Uint8Array, length: number): 'malformed' | 'checksum' | undefined {
  const format = downlinkFormat(message);
  if (downlinkName(format) === undefined || (format >= 16 ? 14 : 7) !== length) return 'malformed';
  if (format !== 11 && format !== 17 && format !== 18) return undefined;
  const remainder = parityRemainder(message, length);
  return (format === 11 ? remainder & ~INTERROGATOR_BITS : remainder) === 0 ? undefined : 'checksum';
}
