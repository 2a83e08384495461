import type { RecordRow } from '../../../readings/index.ts';
import type { Bits } from './bits.ts';
import type { StationClock } from './time.ts';

/** Bits before the cell mask (RTCM 10403.3, table 3.5-78). */
const HEADER = 169;
const MAX_CELLS = 64;

/** What one Multiple Signal Message says of its epoch. */
export interface Msm {
  readonly station: number;
  /** UTC, ms since the Unix epoch; NaN where the message does not tell. */
  readonly time: number;
  /** More messages of this epoch follow (DF393). */
  readonly more: boolean;
  /** A row of rtcm.epoch's messages. */
  readonly row: RecordRow;
  readonly satellites: number;
  readonly cells: number;
}

/** How the data of an MSM type lie (RTCM 10403.3, tables 3.5-81 to 3.5-87), bits. */
interface Layout {
  /** For each satellite. */
  readonly satellite: number;
  /** For each cell. */
  readonly cell: number;
  /** For each cell before its C/N0. */
  readonly beforeCnr: number;
  /** Of a C/N0; 0 where the type has none. */
  readonly cnr: number;
  /** C/N0 of 1, in 0.01 dBHz: DF403 counts 1 dBHz, DF408 2^-4. */
  readonly cnrScale: number;
}

const LAYOUTS: readonly (Layout | undefined)[] = [
  undefined,
  { satellite: 10, cell: 15, beforeCnr: 0, cnr: 0, cnrScale: 0 },
  { satellite: 10, cell: 27, beforeCnr: 0, cnr: 0, cnrScale: 0 },
  { satellite: 10, cell: 42, beforeCnr: 0, cnr: 0, cnrScale: 0 },
  { satellite: 18, cell: 48, beforeCnr: 42, cnr: 6, cnrScale: 100 },
  { satellite: 36, cell: 63, beforeCnr: 42, cnr: 6, cnrScale: 100 },
  { satellite: 18, cell: 65, beforeCnr: 55, cnr: 10, cnrScale: 100 / 16 },
  { satellite: 36, cell: 80, beforeCnr: 55, cnr: 10, cnrScale: 100 / 16 },
];

const GLONASS_FIRST = 1081;
const BEIDOU_FIRST = 1121;

/** Whether a message number is one of MSM1 to MSM7 of GPS, GLONASS, Galileo, SBAS, QZSS, BeiDou or NavIC. */
export function isMsm(number: number): boolean {
  return number >= 1071 && number <= 1137 && LAYOUTS[number % 10] !== undefined;
}

/**
 * MSM1 to MSM7 in summary: the masks of satellites (DF394), signals (DF395) and cells (DF396), and the C/N0 of the
 * cells that are there (MSM4 and MSM5: DF403; MSM6 and MSM7: DF408), of which 0 says that it was not computed. Undefined
 * where the message is shorter than its masks claim, or claims more cells than 64.
 */
export function msm(bits: Bits, number: number, clock: StationClock, arrival: number): Msm | undefined {
  const layout = LAYOUTS[number % 10];
  if (layout === undefined || bits.length < HEADER) return undefined;
  const satellites = bits.ones(73, 64);
  const signals = bits.ones(137, 32);
  const mask = satellites * signals;
  if (mask > MAX_CELLS || bits.length < HEADER + mask) return undefined;
  const cells = bits.ones(HEADER, mask);
  const data = HEADER + mask + satellites * layout.satellite;
  if (bits.length < data + cells * layout.cell) return undefined;
  return {
    station: bits.unsigned(12, 12),
    time: epochTime(bits, number, clock, arrival),
    more: bits.unsigned(54, 1) === 1,
    row: { message: number, satellites, signals, cells, ...strengths(bits, data, cells, layout) },
    satellites,
    cells,
  };
}

/** The 30 bits behind the station id: a time of week of the message's system; GLONASS has a day and a time of day. */
function epochTime(bits: Bits, number: number, clock: StationClock, arrival: number): number {
  const system = number - (number % 10) + 1;
  if (system === GLONASS_FIRST) return clock.fromGlonass(bits.unsigned(24, 3), bits.unsigned(27, 27), arrival);
  const timeOfWeek = bits.unsigned(24, 30);
  return system === BEIDOU_FIRST ? clock.fromBeiDou(timeOfWeek, arrival) : clock.fromTimeOfWeek(timeOfWeek, arrival);
}

/** Mean, least and greatest C/N0; nothing where no cell has one. */
function strengths(bits: Bits, data: number, cells: number, layout: Layout): RecordRow {
  let known = 0;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  const from = data + cells * layout.beforeCnr;
  for (let cell = 0; layout.cnr > 0 && cell < cells; cell++) {
    const value = bits.unsigned(from + cell * layout.cnr, layout.cnr);
    if (value === 0) continue;
    known++;
    sum += value;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (known === 0) return {};
  const { cnrScale } = layout;
  return {
    cnrMean: Math.round((sum / known) * cnrScale),
    cnrMin: Math.round(least * cnrScale),
    cnrMax: Math.round(greatest * cnrScale),
  };
}
