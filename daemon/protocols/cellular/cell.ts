import { type Fields, kindSpec } from '../../readings/index.ts';

export type ServingFields = { -readonly [K in keyof Fields<'cell.serving'>]: Fields<'cell.serving'>[K] };
export type NeighbourFields = { -readonly [K in keyof Fields<'cell.neighbour'>]: Fields<'cell.neighbour'>[K] };

/** What all descriptions of a cell have in common. */
export type CellFields = Omit<NeighbourFields, 'relation'>;

/** Radio access technologies by the numbers of the kinds' table. */
export const RAT = { unknown: 0, gsm: 1, umts: 2, lte: 3, nr: 4, catm: 5, nbiot: 6 } as const;
export type Rat = keyof typeof RAT;

/** Values that may be absent. */
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

const SPECS = kindSpec('cell.serving').fields;

/** A cell of the values that are known and within their bounds: modems fill what they do not know with anything. */
export function cellOf(values: Loose<CellFields>): CellFields {
  const known = Object.entries(values).filter(([name, value]) => {
    const spec = SPECS[name];
    if (value === undefined || spec === undefined) return false;
    if (typeof value !== 'number') return value !== '';
    return spec.type === 'int' && Number.isSafeInteger(value) && value >= spec.min && value <= spec.max;
  });
  return Object.fromEntries(known);
}

/** A decimal number; undefined for "-", nothing, or anything else. */
export function decimal(text = ''): number | undefined {
  return /^-?\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

/** A hexadecimal number, with or without quotation marks and 0x. */
export function hexadecimal(text = ''): number | undefined {
  const digits = text.replaceAll('"', '').replace(/^0x/i, '');
  return /^[0-9a-f]{1,12}$/i.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

/** A mobile network code keeps its leading zeros: 01 and 001 are different networks. */
export function networkCode(text = ''): string | undefined {
  return /^\d{2,3}$/.test(text) ? text : undefined;
}

/** Tenths of a whole or fractional number. */
export function tenths(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 10) + 0;
}

/** Tenths of dBm of a level; a level of zero or more says that there is none. */
export function level(text: string | undefined): number | undefined {
  const value = decimal(text);
  return value !== undefined && value < 0 ? tenths(value) : undefined;
}

/**
 * Tenths of dBm and dB of a pair of power and quality as some firmware gives it whole and some in tenths. Nothing that
 * can be heard is below -160 dBm or above -16 dBm, so the power tells which of the two it is.
 */
export function scaled(power: string | undefined, quality: string | undefined): { power?: number; quality?: number } {
  const p = decimal(power);
  const q = decimal(quality);
  if (p === undefined || p >= 0) return {};
  const factor = p < -160 ? 1 : 10;
  return { power: Math.round(p * factor), ...(q !== undefined && { quality: Math.round(q * factor) + 0 }) };
}
