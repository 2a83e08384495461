import type { IntField, KindSpec } from '../field.ts';
import { choice, count, int, text } from './fields.ts';

const RAT = ['unknown', 'gsm', 'umts', 'lte', 'nr', 'catm', 'nbiot'] as const;

/** What serving and neighbour cells have in common: identity and signal (3GPP TS 23.003, TS 36.133, TS 38.133). */
const cell = {
  rat: choice(1, RAT, 'Radio access technology'),
  mcc: count(2, 999, 'Mobile country code'),
  mnc: text(3, 3, 'Mobile network code, two or three digits'),
  tac: count(4, 16_777_215, 'Tracking area code, or location area code'),
  cellId: count(5, 68_719_476_735, 'Cell identity: 16, 28 or 36 bits'),
  pci: count(6, 1_023, 'Physical cell id, scrambling code or BSIC'),
  arfcn: count(7, 3_279_165, 'ARFCN, UARFCN, EARFCN or NR-ARFCN'),
  band: count(8, 1_024, 'Operating band'),
  rsrp: int(9, 'dBm', 1, -2_000, 0, 'Reference signal received power, or RSCP'),
  rsrq: int(10, 'dB', 1, -500, 300, 'Reference signal received quality, or Ec/Io'),
  sinr: int(11, 'dB', 1, -500, 600, 'Signal to interference and noise ratio'),
  rssi: int(12, 'dBm', 1, -2_000, 0, 'Received signal strength'),
} as const satisfies Readonly<Record<string, IntField | ReturnType<typeof text>>>;

export const CELL_KINDS = {
  'cell.serving': {
    number: 11,
    about: 'A cell that serves a modem (3GPP TS 27.007 and vendor commands).',
    required: [],
    fields: {
      ...cell,
      registration: choice(
        13,
        ['not-registered', 'home', 'searching', 'denied', 'unknown', 'roaming'],
        'Registration (3GPP TS 27.007, 10.1.22)',
      ),
      operator: text(14, 64, 'Operator as the modem names it'),
      modem: text(15, 64, 'Modem model'),
      role: choice(
        16,
        ['primary', 'secondary'],
        'Of two cells that serve together (EN-DC): the anchor, or the NR cell',
      ),
    },
  },
  'cell.neighbour': {
    number: 12,
    about: 'A cell that a modem hears beside the serving one.',
    required: [],
    fields: {
      ...cell,
      relation: choice(
        13,
        ['unknown', 'intra', 'inter', 'inter-rat'],
        'Same frequency, another, or another technology',
      ),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
