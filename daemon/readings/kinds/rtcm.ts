import type { KindSpec } from '../field.ts';
import { count, int, time } from './fields.ts';

const ecef = (key: number, axis: string) =>
  int(key, 'm', 4, -137_438_953_472, 137_438_953_471, `Antenna reference point, ECEF ${axis}`);

export const RTCM_KINDS = {
  'rtcm.station': {
    number: 14,
    about: 'The position that a reference station announces (RTCM 10403.3, messages 1005 and 1006).',
    required: ['station'],
    fields: {
      station: count(1, 4_095, 'Reference station id'),
      message: count(2, 4_095, 'Message number'),
      x: ecef(3, 'X'),
      y: ecef(4, 'Y'),
      z: ecef(5, 'Z'),
      antennaHeight: int(6, 'm', 4, 0, 65_535, 'Antenna height, of 1006'),
      itrf: count(7, 63, 'ITRF realisation year'),
    },
  },
  'rtcm.epoch': {
    number: 15,
    about: 'What a reference station observed in one epoch: its MSM messages in summary.',
    required: ['station'],
    fields: {
      station: count(1, 4_095, 'Reference station id'),
      time: time(2, 'UTC time of the epoch; the week is the one nearest to what else is known of the date'),
      satellites: count(3, 1_000, 'Satellites, of all systems'),
      signals: count(4, 10_000, 'Signals: cells of all messages'),
      messages: {
        key: 5,
        type: 'records',
        max: 32,
        about: 'One row for each MSM message of the epoch',
        columns: {
          message: { bytes: 2, unit: '', digits: 0, min: 1_001, max: 4_095, about: 'Message number' },
          satellites: { bytes: 1, unit: '', digits: 0, min: 0, max: 64, about: 'Satellites' },
          signals: { bytes: 1, unit: '', digits: 0, min: 0, max: 32, about: 'Signal types' },
          cells: {
            bytes: 1,
            unit: '',
            digits: 0,
            min: 0,
            max: 64,
            about: 'Observations: signals of satellites that were tracked',
          },
          cnrMean: { bytes: 2, unit: 'dBHz', digits: 2, min: 0, max: 6_400, none: 65_535, about: 'Mean C/N0' },
          cnrMin: { bytes: 2, unit: 'dBHz', digits: 2, min: 0, max: 6_400, none: 65_535, about: 'Least C/N0' },
          cnrMax: { bytes: 2, unit: 'dBHz', digits: 2, min: 0, max: 6_400, none: 65_535, about: 'Greatest C/N0' },
        },
      },
      glonassBiases: count(6, 15, 'Mask of the GLONASS code-phase biases, of 1230'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
