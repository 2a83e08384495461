import type { FieldsOf, IntField, KindSpec } from './field.ts';

const MAX_TIME = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z, the last instant that ISO 8601 writes in four digits

const int = <const K extends number>(
  key: K,
  unit: string,
  digits: number,
  min: number,
  max: number,
  about: string,
): IntField => ({ key, type: 'int', unit, digits, min, max, about });

const choice = (key: number, names: readonly string[], about: string): IntField => ({
  key,
  type: 'int',
  unit: '',
  digits: 0,
  min: 0,
  max: names.length - 1,
  names,
  about,
});

const flag = (key: number, about: string): IntField => ({ ...int(key, '', 0, 0, 1, about), format: 'flag' });

const time = (key: number, about: string): IntField => ({ ...int(key, 's', 3, 0, MAX_TIME, about), format: 'time' });

const dop = (key: number, about: string): IntField => int(key, '', 2, 0, 100_000, about);

const JAMMING = ['unknown', 'ok', 'warning', 'critical'] as const;
const ANTENNA_STATUS = ['init', 'unknown', 'ok', 'short', 'open'] as const;
const ANTENNA_POWER = ['off', 'on', 'unknown'] as const;

/**
 * The registry of kinds: from this one table come the TypeScript types, the signed CBOR row, the column codec, the
 * JSON view, docs/readings.md and the verifier's range checks. Numbers and keys are part of the proof format: they are
 * added, never changed or reused. GNSS names are gpsd's (gpsd_json(5), TPV and SKY); units are SenML's (RFC 8428,
 * section 12.1) where it has them.
 */
export const KINDS = {
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
      lat: int(4, 'deg', 7, -900_000_000, 900_000_000, 'Latitude, WGS 84, north positive'),
      lon: int(5, 'deg', 7, -1_800_000_000, 1_800_000_000, 'Longitude, WGS 84, east positive'),
      altHAE: int(6, 'm', 3, -100_000_000, 100_000_000, 'Altitude above the WGS 84 ellipsoid'),
      altMSL: int(7, 'm', 3, -100_000_000, 100_000_000, 'Altitude above mean sea level'),
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
  'imu.sample': {
    number: 4,
    about: 'Accelerations and angular rates of an inertial sensor, in its own axes.',
    required: [],
    fields: {
      time: time(1, 'UTC time of the sample, where it is known'),
      timeTag: int(2, 's', 3, 0, 4_294_967_295, "The sensor's own time tag"),
      accX: int(3, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along x'),
      accY: int(4, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along y'),
      accZ: int(5, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along z'),
      gyroX: int(6, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about x'),
      gyroY: int(7, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about y'),
      gyroZ: int(8, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about z'),
      temperature: int(9, 'Cel', 2, -27_315, 100_000, 'Temperature of the sensor'),
      wheelSpeed: int(10, 'm/s', 3, -1_000_000, 1_000_000, 'Speed of the vehicle by its wheels'),
      wheelTicks: int(11, '', 0, -8_388_608, 8_388_607, 'Single-tick wheel counter, negative when moving backward'),
    },
  },
  'host.health': {
    number: 5,
    about: 'How the gateway itself is: heat, load, memory, disk, uptime, power.',
    required: ['uptime'],
    fields: {
      uptime: int(1, 's', 0, 0, 4_294_967_295, 'Since the gateway booted'),
      cpuTemperature: int(2, 'Cel', 3, -100_000, 200_000, 'Temperature of the processor'),
      load: int(3, '', 2, 0, 10_000_000, 'Load average over one minute'),
      memoryTotal: int(4, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Main memory'),
      memoryAvailable: int(5, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Main memory that a program could still have'),
      diskTotal: int(6, 'B', 0, 0, Number.MAX_SAFE_INTEGER, "Size of the file system that holds the daemon's data"),
      diskAvailable: int(7, 'B', 0, 0, Number.MAX_SAFE_INTEGER, "Free space on the daemon's file system"),
      underVoltage: flag(8, 'Supply voltage too low now, where the host tells'),
      throttled: flag(9, 'Processor slowed by heat or voltage now, where the host tells'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;

export type KindName = keyof typeof KINDS;

/** The fields of a kind: integers in the units of its table, texts, and bytes. */
export type Fields<K extends KindName> = FieldsOf<(typeof KINDS)[K]>;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

const BY_NUMBER: ReadonlyMap<number, KindName> = new Map(KIND_NAMES.map((name) => [KINDS[name].number, name]));

/** The specification of a kind, by name. */
export function kindSpec(name: KindName): KindSpec {
  return KINDS[name];
}

/** The kind that a signed row's number names; undefined for a number that this version does not know. */
export function kindByNumber(number: number): KindName | undefined {
  return BY_NUMBER.get(number);
}
