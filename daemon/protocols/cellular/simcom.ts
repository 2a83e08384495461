import { type CellFields, cellOf, decimal, hexadecimal, networkCode, RAT, scaled, tenths } from './cell.ts';
import type { ReportedCell } from './quectel.ts';

/**
 * +CPSI (SIMCom "SIM7500_SIM7600 Series AT Command Manual", 4.2.13; "SIM8200 Series AT Command Manual" and "SIM7070_
 * SIM7080_SIM7090 Series AT Command Manual", 4.2.14). Areas are hexadecimal, cells decimal; levels whole or in tenths, which
 * their size tells. `values` are the parameters. Undefined for a line that tells of no cell, such as NO SERVICE.
 */
export function simcomCell(values: readonly string[]): ReportedCell | undefined {
  const [mode = '', second = ''] = values;
  if (mode.startsWith('NR5G')) {
    // What stands second is the operation mode where the cell is the only one, a number in EN-DC.
    const secondary = decimal(second) !== undefined;
    return {
      role: secondary ? 'secondary' : 'primary',
      cell: secondary ? newRadio(values.slice(1)) : standalone(values),
    };
  }
  const cell = cellOfMode(mode, values.slice(2));
  return cell && { role: 'primary', cell };
}

function cellOfMode(mode: string, v: readonly string[]): CellFields | undefined {
  if (mode === 'GSM') {
    const [network, lac, cell, channel, rxlev] = v;
    // "27 EGSM 900": the channel and its band.
    return cellOf({
      rat: RAT.gsm,
      ...identity(network, lac, cell),
      arfcn: decimal(channel?.split(' ')[0]),
      rssi: scaled(rxlev, undefined).power,
    });
  }
  if (mode === 'WCDMA') {
    const [network, lac, cell, , psc, arfcn, , ecio, rscp] = v;
    return cellOf({
      rat: RAT.umts,
      ...identity(network, lac, cell),
      pci: decimal(psc),
      arfcn: decimal(arfcn),
      // Both are given without their sign.
      rsrp: scaled(negative(rscp), undefined).power,
      rsrq: tenths(decimal(negative(ecio))),
    });
  }
  if (mode !== 'LTE' && !mode.startsWith('LTE ')) return undefined;
  const [network, tac, cell, pci, label, arfcn, , , quality, power, rssi, snr] = v;
  const { power: rsrp, quality: rsrq } = scaled(power, quality);
  const isTenths = rsrp !== undefined && rsrp === decimal(power);
  const strength = decimal(rssi);
  return cellOf({
    rat: mode.includes('CAT-M') ? RAT.catm : mode.includes('NB') ? RAT.nbiot : RAT.lte,
    ...identity(network, tac, cell),
    pci: decimal(pci),
    band: bandOf(label),
    arfcn: decimal(arfcn),
    rsrp,
    rsrq,
    ...(rsrp !== undefined && {
      rssi: strength === undefined || strength >= 0 ? undefined : isTenths ? Math.round(strength) : tenths(strength),
      sinr: ratio(snr, false),
    }),
  });
}

function standalone(values: readonly string[]): CellFields {
  const [, , network, tac, cell] = values;
  return cellOf({ ...newRadio(values.slice(5)), ...identity(network, tac, cell) });
}

/** Physical cell, band where the firmware gives it, channel, and the levels, whose order differs: power is the lower. */
function newRadio(v: readonly string[]): CellFields {
  const band = bandOf(v[1]);
  const at = band === undefined ? 1 : 2;
  const levels = [decimal(v[at + 1]), decimal(v[at + 2])].filter((value) => value !== undefined).sort((a, b) => a - b);
  const { power: rsrp, quality: rsrq } = scaled(levels[0]?.toString(), levels[1]?.toString());
  return cellOf({
    rat: RAT.nr,
    pci: decimal(v[0]),
    band,
    arfcn: decimal(v[at]),
    ...(levels.length === 2 && { rsrp, rsrq, sinr: ratio(v[at + 3], rsrp === levels[0]) }),
  });
}

/** "460-01": country and network. */
function identity(network?: string, area?: string, cell?: string) {
  const [mcc, mnc] = (network ?? '').split('-');
  return { mcc: decimal(mcc), mnc: networkCode(mnc), tac: hexadecimal(area), cellId: decimal(cell) };
}

/** EUTRAN-BAND3, NR5G_BAND78; 0 is said where there is none. */
function bandOf(label = ''): number | undefined {
  return decimal(/BAND([1-9]\d{0,3})$/.exec(label)?.[1]);
}

const negative = (text: string | undefined): string | undefined =>
  text === undefined || text.startsWith('-') ? text : `-${text}`;

/** Tenths of dB of a ratio in dB, or in tenths where the levels are, or where it could be nothing else. */
function ratio(text: string | undefined, isTenths: boolean): number | undefined {
  const value = decimal(text);
  if (value === undefined) return undefined;
  return isTenths || Math.abs(value) > 40 ? Math.round(value) : tenths(value);
}
