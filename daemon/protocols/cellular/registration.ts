import { hexadecimal, RAT } from './cell.ts';

export interface Registration {
  /** By the numbers of the kinds' table. */
  readonly state: number;
  readonly tac?: number;
  readonly cellId?: number;
  /** By the numbers of the kinds' table. */
  readonly rat?: number;
}

/** <stat> 6 to 10 (for SMS only, for emergencies only, CSFB not preferred) come down to what they are at bottom. */
const STATES: readonly number[] = [0, 1, 2, 3, 4, 5, 1, 5, 0, 1, 5];

/** <AcT> of 3GPP TS 27.007, 7.3 and 10.1.22. */
const TECHNOLOGIES: readonly number[] = [
  RAT.gsm,
  RAT.gsm,
  RAT.umts,
  RAT.gsm,
  RAT.umts,
  RAT.umts,
  RAT.umts,
  RAT.lte,
  RAT.gsm,
  RAT.nbiot,
  RAT.lte,
  RAT.nr,
  RAT.nr,
  RAT.lte,
];

/** The technology of an <AcT>. Quectel's LPWA modules say 8 for LTE Cat M1, where TS 27.007 has EC-GSM-IoT. */
export function technology(act: string | undefined, dialect: string): number | undefined {
  if (act === '8' && dialect === 'quectel') return RAT.catm;
  return act !== undefined && /^\d{1,2}$/.test(act) ? TECHNOLOGIES[Number(act)] : undefined;
}

/**
 * +CREG, +CEREG or +C5GREG (3GPP TS 27.007, 7.2, 10.1.22, 10.1.47), as an answer (mode, state, area, cell, technology)
 * or unsolicited (the same without the mode): a state has one or two digits, an area is quoted or longer.
 */
export function registration(values: readonly string[], dialect: string): Registration | undefined {
  const isState = (value: string | undefined): boolean => value !== undefined && /^\d{1,2}$/.test(value);
  const at = isState(values[1]) ? 1 : 0;
  const state = isState(values[at]) ? STATES[Number(values[at])] : undefined;
  if (state === undefined) return undefined;
  const tac = hexadecimal(values[at + 1]);
  const cellId = hexadecimal(values[at + 2]);
  const rat = technology(values[at + 3], dialect);
  return {
    state,
    ...(tac !== undefined && { tac }),
    ...(cellId !== undefined && { cellId }),
    ...(rat !== undefined && { rat }),
  };
}
