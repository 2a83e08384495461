import { type CellFields, cellOf, decimal, hexadecimal, level, networkCode, RAT, scaled, tenths } from './cell.ts';
import type { SinrForm } from './settings.ts';

/** One cell that +QENG tells of, and what it is to the modem. */
export interface ReportedCell {
  readonly role: 'primary' | 'secondary' | 'intra' | 'inter' | 'other';
  readonly cell: CellFields;
}

const RATS: Readonly<Record<string, number>> = {
  GSM: RAT.gsm,
  WCDMA: RAT.umts,
  LTE: RAT.lte,
  'CAT-M': RAT.catm,
  eMTC: RAT.catm,
  'CAT-NB': RAT.nbiot,
  NBIoT: RAT.nbiot,
  'NR5G-SA': RAT.nr,
};

/**
 * +QENG: serving and neighbour cells (Quectel "RG50xQ&RM5xxQ Series Network Application Note", 3.2.2; "EC2x&EG9x&EG2x-G&EM05
 * Series QuecCell Application Note"; "BG95&BG77&BG600L Series QuecCell Application Note"). `values` are the parameters
 * without quotation marks, `serving` the technology of the serving cell: it decides how neighbours are laid out.
 * Undefined for a line that tells of no cell.
 */
export function quectelCell(
  values: readonly string[],
  sinr: SinrForm,
  serving: number | undefined,
): ReportedCell | undefined {
  const [what = '', second = ''] = values;
  if (what === 'servingcell') {
    const cell = servingCell(values[2] ?? '', values.slice(3), sinr);
    return cell && { role: 'primary', cell };
  }
  if (what === 'NR5G-NSA') return { role: 'secondary', cell: nonStandaloneCell(values.slice(1)) };
  if (what === 'LTE') {
    // The anchor of EN-DC stands on a line of its own, below the one with the state.
    const cell = servingCell(what, values.slice(1), sinr);
    return cell && { role: 'primary', cell };
  }
  if (!what.startsWith('neighbourcell')) return undefined;
  const cell = neighbourCell(second, values.slice(2), what !== 'neighbourcell', sinr, serving);
  if (cell === undefined || (cell.pci === undefined && cell.cellId === undefined)) return undefined;
  return { role: what.endsWith('intra') ? 'intra' : what.endsWith('inter') ? 'inter' : 'other', cell };
}

function servingCell(name: string, v: readonly string[], sinr: SinrForm): CellFields | undefined {
  const rat = RATS[name];
  switch (rat) {
    case undefined:
      return undefined;
    case RAT.gsm: {
      const [mcc, mnc, lac, cell, bsic, arfcn, , rxlev] = v;
      return cellOf({
        rat,
        ...identity(mcc, mnc, lac, cell),
        pci: decimal(bsic),
        arfcn: decimal(arfcn),
        rssi: gsmLevel(rxlev),
      });
    }
    case RAT.umts: {
      const [mcc, mnc, lac, cell, arfcn, psc, , rscp, ecio] = v;
      const { power: rsrp, quality: rsrq } = scaled(rscp, ecio);
      return cellOf({ rat, ...identity(mcc, mnc, lac, cell), pci: decimal(psc), arfcn: decimal(arfcn), rsrp, rsrq });
    }
    case RAT.nr: {
      const [, mcc, mnc, cell, pci, tac, arfcn, band, , rsrp, rsrq, snr] = v;
      return cellOf({
        rat,
        ...identity(mcc, mnc, tac, cell),
        pci: decimal(pci),
        arfcn: decimal(arfcn),
        band: decimal(band),
        rsrp: level(rsrp),
        rsrq: tenths(decimal(rsrq)),
        sinr: tenths(decimal(snr)),
      });
    }
    default: {
      const [, mcc, mnc, cell, pci, arfcn, band, , , tac, rsrp, rsrq, rssi, snr] = v;
      return cellOf({
        rat,
        ...identity(mcc, mnc, tac, cell),
        pci: decimal(pci),
        arfcn: decimal(arfcn),
        band: decimal(band),
        rsrp: level(rsrp),
        rsrq: level(rsrq),
        rssi: level(rssi),
        sinr: lteSinr(snr, sinr),
      });
    }
  }
}

/** The NR leg of EN-DC: no identity but the physical one, and SINR between the two levels. */
function nonStandaloneCell(v: readonly string[]): CellFields {
  const [mcc, mnc, pci, rsrp, snr, rsrq, arfcn, band] = v;
  return cellOf({
    rat: RAT.nr,
    mcc: decimal(mcc),
    mnc: networkCode(mnc),
    pci: decimal(pci),
    rsrp: level(rsrp),
    rsrq: tenths(decimal(rsrq)),
    sinr: tenths(decimal(snr)),
    arfcn: decimal(arfcn),
    band: decimal(band),
  });
}

function neighbourCell(
  name: string,
  v: readonly string[],
  ofLte: boolean,
  sinr: SinrForm,
  serving: number | undefined,
): CellFields | undefined {
  const rat = RATS[name];
  switch (rat) {
    case RAT.lte:
    case RAT.catm:
    case RAT.nbiot: {
      // Seen from LTE, quality stands before power; seen from GSM and WCDMA, behind it.
      const [arfcn, pci, first, second, rssi, snr] = v;
      const [rsrp, rsrq] = ofLte ? [second, first] : [first, second];
      return cellOf({
        rat,
        arfcn: decimal(arfcn),
        pci: decimal(pci),
        rsrp: level(rsrp),
        rsrq: level(rsrq),
        ...(ofLte && { rssi: level(rssi), sinr: lteSinr(snr, sinr) }),
      });
    }
    case RAT.umts: {
      const at = v.length < 8 ? 1 : serving === RAT.umts ? 2 : serving === undefined ? undefined : 4;
      if (at === undefined) return undefined;
      const { power: rsrp, quality: rsrq } = scaled(v[at + 1], v[at + 2]);
      return cellOf({ rat, arfcn: decimal(v[0]), pci: decimal(v[at]), rsrp, rsrq });
    }
    case RAT.gsm:
      return gsmNeighbour(v);
    default:
      return undefined;
  }
}

/** A GSM neighbour as seen from GSM (eleven parameters), LTE (nine) or WCDMA (four). */
function gsmNeighbour(v: readonly string[]): CellFields | undefined {
  const rat = RAT.gsm;
  if (v.length >= 11) {
    const [mcc, mnc, lac, cell, bsic, arfcn, rxlev] = v;
    return cellOf({
      rat,
      ...identity(mcc, mnc, lac, cell),
      pci: decimal(bsic),
      arfcn: decimal(arfcn),
      rssi: gsmLevel(rxlev),
    });
  }
  if (v.length === 9)
    return cellOf({ rat, arfcn: decimal(v[0]), pci: decimal(v[6]), rssi: scaled(v[7], undefined).power });
  return v.length === 4 ? cellOf({ rat, pci: decimal(v[0]), rssi: gsmLevel(v[1]) }) : undefined;
}

function identity(mcc?: string, mnc?: string, area?: string, cell?: string) {
  return { mcc: decimal(mcc), mnc: networkCode(mnc), tac: hexadecimal(area), cellId: hexadecimal(cell) };
}

/** Tenths of dBm: dBm as it is, or RXLEV, 0 to 63 above -111 dBm (TS 45.008, 8.1.4). */
function gsmLevel(text: string | undefined): number | undefined {
  const value = decimal(text);
  if (value === undefined || value > 63) return undefined;
  return tenths(value < 0 ? value : value - 111);
}

/**
 * Tenths of dB of LTE's SINR. The manuals differ: EC200x give dB; EC2x and BG9x, steps of 0.2 dB from -20 dB; RM5xxQ,
 * steps of 2 dB from -20 dB. Nothing on the wire says which.
 */
function lteSinr(text: string | undefined, form: SinrForm): number | undefined {
  const value = decimal(text);
  if (value === undefined || form === 'omit') return undefined;
  if (form === 'dB') return tenths(value);
  if (value < 0) return undefined;
  return form === 'fifths' ? Math.round(value * 2) - 200 : Math.round(value * 20) - 200;
}
