import { rtcm3 } from './encode.ts';

/** Encoders of RTCM3 messages (RTCM 10403.3), independent of the decoder's code. */

export type BitField = readonly [value: number | bigint, width: number];

/** Packs fields into a message, each in its width, negative ones in two's complement. */
export function pack(...fields: readonly BitField[]): Uint8Array {
  const text = fields
    .map(([value, width]) =>
      BigInt.asUintN(width, BigInt(value))
        .toString(2)
        .padStart(width, '0')
        .slice(width === 0 ? 1 : 0),
    )
    .join('');
  return Uint8Array.from(text.match(/.{1,8}/g) ?? [], (octet) => Number.parseInt(octet.padEnd(8, '0'), 2));
}

/** Set bits of a mask whose first bit is number 1. */
export const mask = (width: number, numbers: readonly number[]): bigint =>
  numbers.reduce((bits, number) => bits | (1n << BigInt(width - number)), 0n);

interface Cells {
  readonly number: number;
  readonly station?: number;
  readonly time: readonly BitField[];
  readonly more?: boolean;
  readonly satellites?: readonly number[];
  readonly signals?: readonly number[];
  /** One bit for each satellite and signal. */
  readonly cells?: string;
  readonly cnr?: readonly number[];
}

const WIDTHS: readonly (readonly [satellite: number, before: number, cnr: number, after: number])[] = [
  [0, 0, 0, 0],
  [10, 15, 0, 0],
  [10, 27, 0, 0],
  [10, 42, 0, 0],
  [18, 42, 6, 0],
  [36, 42, 6, 15],
  [18, 55, 10, 0],
  [36, 55, 10, 15],
];

export function msm(cells: Cells): Uint8Array {
  const { number, station = 7, time, more = false, satellites = [3, 17], signals = [2, 16] } = cells;
  const present = cells.cells ?? '1101';
  const strengths = cells.cnr ?? [0, 40, 50];
  const [satellite = 0, before = 0, cnr = 0, after = 0] = WIDTHS[number % 10] ?? [];
  return rtcm3(
    pack(
      [number, 12],
      [station, 12],
      ...time,
      [more ? 1 : 0, 1],
      [0, 18],
      [mask(64, satellites), 64],
      [mask(32, signals), 32],
      [BigInt(`0b0${present}`), present.length],
      ...satellites.map((): BitField => [-1, satellite]),
      ...strengths.map((): BitField => [-1, before]),
      ...strengths.map((strength): BitField => [strength, cnr]),
      ...strengths.map((): BitField => [-1, after]),
    ),
  );
}

export const timeOfWeek = (ms: number): BitField[] => [[ms, 30]];
export const glonass = (day: number, ms: number): BitField[] => [
  [day, 3],
  [ms, 27],
];

export function stationMessage(
  number: 1005 | 1006,
  [x, y, z]: readonly [number, number, number],
  height = 0,
): Uint8Array {
  return rtcm3(
    pack(
      [number, 12],
      [2_003, 12],
      [14, 6],
      [0b1110, 4],
      [x, 38],
      [0, 2],
      [y, 38],
      [0, 2],
      [z, 38],
      ...(number === 1006 ? [[height, 16] as const] : []),
    ),
  );
}
