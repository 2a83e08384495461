import { type CellFields, decimal, RAT } from './cell.ts';

/** One quantity of +CESQ: value 1 stands for `first`, in tenths; each value more for `step` more; up to `last`. */
interface Scale {
  readonly first: number;
  readonly step: number;
  readonly last: number;
}

/** 3GPP TS 27.007, 8.69, in the order of the parameters; the second, the bit error rate, is not kept. */
const SCALES: readonly (Scale | undefined)[] = [
  { first: -1100, step: 10, last: 63 }, // rxlev, TS 45.008, 8.1.4
  undefined,
  { first: -1200, step: 10, last: 96 }, // rscp, TS 25.133, 9.1.1.3
  { first: -240, step: 5, last: 49 }, // ecno, TS 25.133, 9.1.2.3
  { first: -195, step: 5, last: 34 }, // rsrq, TS 36.133, 9.1.7
  { first: -1400, step: 10, last: 97 }, // rsrp, TS 36.133, 9.1.4
  { first: -430, step: 5, last: 126 }, // ss_rsrq, TS 38.133, 10.1.11.1
  { first: -1560, step: 10, last: 126 }, // ss_rsrp, TS 38.133, 10.1.6.1
  { first: -230, step: 5, last: 127 }, // ss_sinr, TS 38.133, 10.1.16.1
];

/** The quantities of +CESQ in tenths, the lower bound of the step that a value stands for. */
export type ExtendedQuality = readonly (number | undefined)[];

/** +CESQ: rxlev, ber, rscp, ecno, rsrq, rsrp and, of 5G modems, ss_rsrq, ss_rsrp, ss_sinr. 99 and 255 say "not known". */
export function extendedQuality(values: readonly string[]): ExtendedQuality {
  return SCALES.map((scale, index) => {
    const value = decimal(values[index]);
    // Zero stands for anything below the scale, so it is no measurement.
    if (scale === undefined || value === undefined || value < 1 || value > scale.last) return undefined;
    return scale.first + (value - 1) * scale.step;
  });
}

/** What +CESQ says of a cell of a technology: RSCP and Ec/No stand in for RSRP and RSRQ in UMTS. */
export function qualityOf(rat: number | undefined, quality: ExtendedQuality): Partial<CellFields> {
  const [rxlev, , rscp, ecno, rsrq, rsrp, ssRsrq, ssRsrp, ssSinr] = quality;
  const pick = (power?: number, ratio?: number, sinr?: number): Partial<CellFields> => ({
    ...(power !== undefined && { rsrp: power }),
    ...(ratio !== undefined && { rsrq: ratio }),
    ...(sinr !== undefined && { sinr }),
  });
  switch (rat) {
    case RAT.gsm:
      return rxlev === undefined ? {} : { rssi: rxlev };
    case RAT.umts:
      return pick(rscp, ecno);
    case RAT.nr:
      return pick(ssRsrp, ssRsrq, ssSinr);
    case RAT.lte:
    case RAT.catm:
    case RAT.nbiot:
      return pick(rsrp, rsrq);
    default:
      return {};
  }
}

/** +CSQ: received signal strength in tenths of dBm (3GPP TS 27.007, 8.5): 0 to 31 are -113 dBm to -51 dBm. */
export function signalStrength(values: readonly string[]): number | undefined {
  const value = decimal(values[0]);
  return value === undefined || value < 0 || value > 31 ? undefined : (2 * value - 113) * 10;
}
