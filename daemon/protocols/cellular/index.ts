import type { Protocol } from '../protocol.ts';
import { problemsOf } from './configuration.ts';
import { DEFAULT_INTERVAL_MS, DIALECTS, SINR_FORMS } from './settings.ts';

/** Cellular modems over AT commands. */
export const atModem: Protocol = {
  name: 'at-modem',
  title: 'Cellular modems: 3GPP TS 27.007 over AT, with the cell commands of Quectel and SIMCom',
  kinds: ['cell.serving', 'cell.neighbour'],
  settings: {
    dialect: {
      type: 'choice',
      values: DIALECTS,
      default: 'generic',
      about: 'Whose commands the modem is asked for its cells with, beside those of 3GPP TS 27.007',
    },
    interval: { type: 'duration', default: DEFAULT_INTERVAL_MS, about: 'How often the modem is asked' },
    lteSinr: {
      type: 'choice',
      values: SINR_FORMS,
      default: 'omit',
      about:
        'How AT+QENG gives the SINR of LTE, on which the manuals of Quectel differ: in dB (EC200), in fifths of a dB from -20 dB (EC2x, BG9x), doubled: in steps of 2 dB from -20 dB (RM5xxQ)',
    },
  },
  checkConfiguration: problemsOf,
  loadDecoder: async () => {
    const { CellularDecoder } = await import('./decoder.ts');
    return (options) => new CellularDecoder(options);
  },
};
