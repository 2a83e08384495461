import type { Fields } from '../../readings/index.ts';
import { altitudeOf12, squawkOf13 } from './altitude.ts';
import { downlinkFormat } from './downlink.ts';
import { airborneVelocity, bearing, movementSpeed } from './speed.ts';

/** The fields of a squitter while they are gathered. */
export type SquitterFields = { -readonly [K in keyof Fields<'adsb.squitter'>]: Fields<'adsb.squitter'>[K] };

/** Six-bit characters (ICAO Annex 10, volume IV, table 3-8); # for those that are not assigned. */
const CHARACTERS = '#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######';

/** Emitter category sets of the type codes 1 to 4 (Doc 9871, A.2.3.4). */
const CATEGORY_SETS = ' DCBA';

/** Of DF18 by its control field: those whose message field is laid out as in DF17 (Annex 10, volume IV, 3.1.2.8.7.2). */
const LAID_OUT_AS_DF17: ReadonlySet<number> = new Set([0, 1, 2, 5, 6]);

/** Control fields of DF18 whose address is none of ICAO's 24-bit addresses. */
export const ANONYMOUS: ReadonlySet<number> = new Set([1, 5]);

/** Bit `first` of the 56-bit message field of an extended squitter, and those after it; at most 31. */
export function messageBits(message: Uint8Array, first: number, count: number): number {
  let value = 0;
  for (let bit = first + 32; bit < first + 32 + count; bit++) {
    value = (value << 1) | (((message[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  }
  return value;
}

/** The 24-bit address that a squitter announces. */
export function address(message: Uint8Array): number {
  return ((message[1] ?? 0) << 16) | ((message[2] ?? 0) << 8) | (message[3] ?? 0);
}

/** What a type code's message is called where it is counted (Doc 9871, table A-2-2). */
export function typeName(typeCode: number): string {
  if (typeCode >= 1 && typeCode <= 4) return 'identification';
  if (typeCode >= 5 && typeCode <= 8) return 'surface-position';
  if (isAirborne(typeCode) || typeCode === 0) return 'airborne-position';
  if (typeCode === 19) return 'velocity';
  if (typeCode === 28) return 'aircraft-status';
  if (typeCode === 29) return 'target-state';
  return typeCode === 31 ? 'operational-status' : `type-${typeCode}`;
}

const isAirborne = (typeCode: number): boolean =>
  (typeCode >= 9 && typeCode <= 18) || (typeCode >= 20 && typeCode <= 22);

/**
 * Decodes a squitter with good parity (ICAO Annex 10, volume IV, 3.1.2.5.2.2 and 3.1.2.8.6; Doc 9871, appendix A): DF11,
 * DF17, or DF18 as far as its control field says that it is laid out alike. The message is kept as it was heard.
 */
export function decodeSquitter(message: Uint8Array, length: number): SquitterFields {
  const format = downlinkFormat(message);
  const capability = (message[0] ?? 0) & 7;
  const fields: SquitterFields = {
    icao: message.slice(1, 4),
    downlinkFormat: format,
    capability,
    message: message.slice(0, length),
  };
  if (format !== 18 && (capability === 4 || capability === 5)) fields.onGround = capability === 4 ? 1 : 0;
  if (format === 17 || (format === 18 && LAID_OUT_AS_DF17.has(capability))) decodeMessageField(message, fields);
  return fields;
}

function decodeMessageField(message: Uint8Array, fields: SquitterFields): void {
  const typeCode = messageBits(message, 0, 5);
  fields.typeCode = typeCode;
  if (typeCode >= 1 && typeCode <= 4) identify(message, typeCode, fields);
  else if (typeCode >= 5 && typeCode <= 8) surfacePosition(message, fields);
  else if (isAirborne(typeCode)) airbornePosition(message, typeCode, fields);
  else if (typeCode === 19)
    Object.assign(
      fields,
      airborneVelocity((first, count) => messageBits(message, first, count)),
    );
  else if (typeCode === 28 && messageBits(message, 5, 3) === 1) {
    fields.emergency = messageBits(message, 8, 3);
    fields.squawk = squawkOf13(messageBits(message, 11, 13));
  }
}

/** Aircraft identification and category (Doc 9871, A.2.3.4). */
function identify(message: Uint8Array, typeCode: number, fields: SquitterFields): void {
  const category = messageBits(message, 5, 3);
  if (category !== 0) fields.category = `${CATEGORY_SETS[typeCode] ?? ''}${category}`;
  let callsign = '';
  for (let at = 0; at < 8; at++) callsign += CHARACTERS[messageBits(message, 8 + 6 * at, 6)] ?? '#';
  const trimmed = callsign.trimEnd();
  if (trimmed !== '' && !trimmed.includes('#')) fields.callsign = trimmed;
}

/** Surface position (Doc 9871, A.2.3.3). */
function surfacePosition(message: Uint8Array, fields: SquitterFields): void {
  fields.onGround = 1;
  const speed = movementSpeed(messageBits(message, 5, 7));
  if (speed !== undefined) fields.groundSpeed = speed;
  if (messageBits(message, 12, 1) === 1) fields.track = bearing((messageBits(message, 13, 7) * 360) / 128);
  encodedPosition(message, fields);
}

/** Airborne position (Doc 9871, A.2.3.2): of type codes 20 to 22 the height is above the ellipsoid. */
function airbornePosition(message: Uint8Array, typeCode: number, fields: SquitterFields): void {
  fields.onGround = 0;
  const altitude = altitudeOf12(messageBits(message, 8, 12));
  if (altitude !== undefined) fields[typeCode >= 20 ? 'altitudeGNSS' : 'altitude'] = altitude;
  encodedPosition(message, fields);
}

function encodedPosition(message: Uint8Array, fields: SquitterFields): void {
  fields.cprFormat = messageBits(message, 21, 1);
  fields.cprLat = messageBits(message, 22, 17);
  fields.cprLon = messageBits(message, 39, 17);
}
