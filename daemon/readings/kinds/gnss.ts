import type { IntField, KindSpec } from '../field.ts';
import { altitude, choice, int, latitude, longitude, time } from './fields.ts';

const dop = (key: number, about: string): IntField => int(key, '', 2, 0, 100_000, about);

const JAMMING = ['unknown', 'ok', 'warning', 'critical'] as const;
const ANTENNA_STATUS = ['init', 'unknown', 'ok', 'short', 'open'] as const;
const ANTENNA_POWER = ['off', 'on', 'unknown'] as const;

export const GNSS_KINDS = {
  'gnss.fix': {
    number: 1,
    about: 'A position fix of a GNSS receiver: one for each navigation epoch in which it knew where it was.',
    required: ['mode'],
    fields: {
      time: time(1, "The receiver's own UTC time of the fix"),
      mode: choice(2, ['unknown', 'none', '2D', '3D'], 'Fix mode'),
      status: choice(
        3,
        ['unknown', 'gnss', 'dgnss', 'rtk-fixed', 'rtk-float', 'dead-reckoning', 'gnss-dr', 'surveyed', 'simulated'],
        'How the fix was made',
      ),
      lat: latitude(4),
      lon: longitude(5),
      altHAE: altitude(6, 'Altitude above the WGS 84 ellipsoid'),
      altMSL: altitude(7, 'Altitude above mean sea level'),
      speed: int(8, 'm/s', 3, 0, 100_000_000, 'Speed over ground'),
      track: int(9, 'deg', 5, 0, 36_000_000, 'Course over ground from true north'),
      climb: int(10, 'm/s', 3, -100_000_000, 100_000_000, 'Vertical speed, up positive'),
      eph: int(11, 'm', 3, 0, 4_294_967_295, 'Estimated horizontal position error'),
      epv: int(12, 'm', 3, 0, 4_294_967_295, 'Estimated vertical position error'),
      eps: int(13, 'm/s', 3, 0, 4_294_967_295, 'Estimated speed error'),
      epd: int(14, 'deg', 5, 0, 4_294_967_295, 'Estimated course error'),
      ept: int(15, 's', 9, 0, 4_294_967_295, 'Estimated time error'),
      uSat: int(16, '', 0, 0, 255, 'Satellites used in the fix'),
      dgpsAge: int(17, 's', 3, 0, 4_294_967_295, 'Age of the differential corrections'),
      dgpsSta: int(18, '', 0, 0, 4_095, 'Differential reference station'),
      magvar: int(19, 'deg', 5, -18_000_000, 18_000_000, 'Magnetic declination, east positive'),
    },
  },
  'gnss.sky': {
    number: 2,
    about: 'The satellites that a GNSS receiver has in view, and the dilution of precision that they give.',
    required: [],
    fields: {
      time: time(1, "The receiver's own UTC time of the view"),
      nSat: int(2, '', 0, 0, 1_000, 'Satellites in view'),
      uSat: int(3, '', 0, 0, 1_000, 'Satellites used'),
      gdop: dop(4, 'Geometric dilution of precision'),
      pdop: dop(5, 'Position dilution of precision'),
      hdop: dop(6, 'Horizontal dilution of precision'),
      vdop: dop(7, 'Vertical dilution of precision'),
      tdop: dop(8, 'Time dilution of precision'),
      satellites: {
        key: 9,
        type: 'records',
        max: 255,
        about: 'One row for each satellite and signal in view',
        columns: {
          gnssid: {
            bytes: 1,
            unit: '',
            digits: 0,
            min: 0,
            max: 7,
            none: 255,
            about:
              'Constellation, by the u-blox numbers: 0 GPS, 1 SBAS, 2 Galileo, 3 BeiDou, 5 QZSS, 6 GLONASS, 7 NavIC',
          },
          svid: { bytes: 2, unit: '', digits: 0, min: 0, max: 999, about: 'Satellite number within the constellation' },
          sigid: { bytes: 1, unit: '', digits: 0, min: 0, max: 15, none: 255, about: 'Signal, NMEA 4.11 signal id' },
          el: { bytes: 1, signed: true, unit: 'deg', digits: 0, min: -90, max: 90, none: -128, about: 'Elevation' },
          az: { bytes: 2, unit: 'deg', digits: 0, min: 0, max: 360, none: 65_535, about: 'Azimuth' },
          ss: { bytes: 1, unit: 'dBHz', digits: 0, min: 0, max: 99, none: 255, about: 'Carrier to noise density' },
          used: { bytes: 1, unit: '', digits: 0, min: 0, max: 1, format: 'flag', about: 'Used in the fix' },
        },
      },
    },
  },
  'gnss.integrity': {
    number: 3,
    about: 'What a GNSS receiver says of jamming, spoofing and its antenna.',
    required: [],
    fields: {
      time: time(1, "The receiver's own UTC time, where it is known"),
      jamming: choice(2, JAMMING, 'Jamming state, the worst of all RF blocks'),
      spoofing: choice(3, ['unknown', 'none', 'indicated', 'multiple'], 'Spoofing detection state'),
      rf: {
        key: 4,
        type: 'records',
        max: 16,
        about: 'One row for each RF block of the receiver',
        columns: {
          block: { bytes: 1, unit: '', digits: 0, min: 0, max: 255, about: 'RF block id: 0 L1, 1 L2 or L5' },
          jamming: { bytes: 1, unit: '', digits: 0, min: 0, max: 3, about: `Jamming state: ${JAMMING.join(', ')}` },
          antenna: { bytes: 1, unit: '', digits: 0, min: 0, max: 4, about: `Antenna: ${ANTENNA_STATUS.join(', ')}` },
          power: { bytes: 1, unit: '', digits: 0, min: 0, max: 2, about: `Antenna power: ${ANTENNA_POWER.join(', ')}` },
          noise: { bytes: 2, unit: '', digits: 0, min: 0, max: 65_535, about: 'Noise level per ms' },
          agc: { bytes: 2, unit: '', digits: 0, min: 0, max: 8_191, about: 'Automatic gain control, 0 to 8191' },
          cw: { bytes: 1, unit: '', digits: 0, min: 0, max: 255, about: 'Continuous wave jamming indicator' },
        },
      },
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
