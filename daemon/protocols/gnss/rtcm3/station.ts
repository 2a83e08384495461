import type { Fields } from '../../../readings/index.ts';
import type { Bits } from './bits.ts';

export type StationFields = { -readonly [N in keyof Fields<'rtcm.station'>]: Fields<'rtcm.station'>[N] };

/** Bits of 1005 (RTCM 10403.3, table 3.5-6); 1006 has 16 more (table 3.5-7). */
const LENGTH_1005 = 152;
const LENGTH_1006 = 168;

/**
 * 1005 and 1006: the antenna reference point of a station, ECEF in 0.1 mm (DF025 to DF027), of 1006 the antenna's
 * height above it (DF028). Undefined where the message is too short, or where the point is the centre of the earth, as
 * stations send that have not been told where they are.
 */
export function station(bits: Bits, message: number): StationFields | undefined {
  if (bits.length < (message === 1006 ? LENGTH_1006 : LENGTH_1005)) return undefined;
  const x = bits.signed(34, 38);
  const y = bits.signed(74, 38);
  const z = bits.signed(114, 38);
  if (x === 0 && y === 0 && z === 0) return undefined;
  const fields: StationFields = { station: bits.unsigned(12, 12), message, x, y, z, itrf: bits.unsigned(24, 6) };
  if (message === 1006) fields.antennaHeight = bits.unsigned(152, 16);
  return fields;
}
