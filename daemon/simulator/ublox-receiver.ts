import { Wander } from './random.ts';
import type { Receiver } from './receiver.ts';
import { type Constellation, type Dilution, type Satellite, Sky } from './sky.ts';
import type { TrackPoint } from './track.ts';
import { UbxPayload } from './ubx-frame.ts';

const GPS_EPOCH = Date.UTC(1980, 0, 6);
const LEAP_SECONDS_MS = 18_000;
const WEEK_MS = 604_800_000;

const GNSS_ID: Readonly<Record<Constellation, number>> = { gps: 0, galileo: 2, beidou: 3, glonass: 6 };

/** Sensor data types (u-blox M8 receiver description, section "ESF measurement data"): 24-bit values and their scales. */
const GYRO = { z: 5, y: 13, x: 14, scale: 2 ** 12 } as const;
const ACCELEROMETER = { x: 16, y: 17, z: 18, scale: 2 ** 10 } as const;
const GYRO_TEMPERATURE = { type: 12, scale: 100 } as const;
const WHEEL_SPEED = { type: 11, scale: 1_000 } as const;

/**
 * A u-blox receiver with dead reckoning: NAV-PVT, ESF-RAW and ESF-MEAS in each epoch; NAV-DOP, NAV-SAT, MON-RF and SEC-SIG
 * once a second. Layouts after the interface descriptions of the F9 and M10 (message version numbers as given in each).
 */
export class UbloxReceiver implements Receiver {
  readonly #sky: Sky;
  readonly #epochsPerSecond: number;
  readonly #gain: Wander;

  constructor(seed: number, rateHz: number) {
    this.#sky = new Sky(seed, ['gps', 'galileo', 'beidou', 'glonass']);
    this.#epochsPerSecond = Math.max(1, Math.round(rateHz));
    this.#gain = new Wander(seed + 5, 60_000);
  }

  epoch(point: TrackPoint, ms: number, index: number): Uint8Array {
    const iTow = (point.time - GPS_EPOCH + LEAP_SECONDS_MS) % WEEK_MS;
    const satellites = this.#sky.at(ms);
    const dilution = this.#sky.dilutionAt(ms);
    const used = satellites.filter((satellite) => satellite.used).length;
    const frames = [navPvt(point, iTow, used, dilution), esfRaw(point, ms), esfMeas(point, ms)];
    if (index % this.#epochsPerSecond === 0) {
      frames.push(navDop(iTow, dilution), navSat(iTow, satellites), monRf(this.#gain.at(ms)), secSig());
    }
    return Buffer.concat(frames);
  }
}

function navPvt(point: TrackPoint, iTow: number, used: number, { pdop }: Dilution): Uint8Array {
  const at = new Date(point.time);
  return new UbxPayload(92)
    .u4(iTow)
    .u2(at.getUTCFullYear())
    .u1(at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds())
    .u1(0b0111) // valid: date, time, fully resolved
    .u4(25) // tAcc, ns
    .i4(at.getUTCMilliseconds() * 1e6)
    .u1(3, 0b0000_0001, 0b1110_0000, used) // 3D fix; gnssFixOK; date and time confirmed
    .i4(point.lon * 1e7, point.lat * 1e7, point.altHAE * 1e3, point.altMSL * 1e3)
    .u4(point.eph * 1e3, point.epv * 1e3)
    .i4(point.velNorth * 1e3, point.velEast * 1e3, -point.climb * 1e3, point.speed * 1e3, point.track * 1e5)
    .u4(80, 120_000) // sAcc, mm/s; headAcc, 1e-5 deg
    .u2(pdop * 100, 0)
    .reserved(4)
    .i4(point.track * 1e5)
    .i2(0)
    .u2(0)
    .frame(0x01, 0x07);
}

function navDop(iTow: number, { gdop, pdop, tdop, vdop, hdop, ndop, edop }: Dilution): Uint8Array {
  const hundredths = [gdop, pdop, tdop, vdop, hdop, ndop, edop].map((dop) => dop * 100);
  return new UbxPayload(18)
    .u4(iTow)
    .u2(...hundredths)
    .frame(0x01, 0x04);
}

function navSat(iTow: number, satellites: readonly Satellite[]): Uint8Array {
  const payload = new UbxPayload(8 + 12 * satellites.length).u4(iTow).u1(1, satellites.length).reserved(2);
  for (const { constellation, number, cno, elevation, azimuth, used } of satellites) {
    const quality = cno === 0 ? 1 : used ? 7 : 4;
    payload
      .u1(GNSS_ID[constellation], number, cno)
      .i1(elevation)
      .i2(azimuth)
      .i2(used ? number % 13 : 0)
      .u4(quality | (used ? 1 << 3 : 0) | (1 << 4) | (7 << 8)); // healthy; ephemeris used
  }
  return payload.frame(0x01, 0x35);
}

/** Two radio blocks, L1 and L2 or L5, both undisturbed. */
function monRf(gain: number): Uint8Array {
  const payload = new UbxPayload(4 + 24 * 2).u1(0, 2).reserved(2);
  for (const block of [0, 1]) {
    payload
      .u1(block, 1, 2, 1) // jamming: ok; antenna: ok, powered
      .u4(0)
      .reserved(4)
      .u2(92 + block * 8 + gain * 6, 4_600 + block * 700 + gain * 120)
      .u1(4 + block)
      .i1(2)
      .u1(148)
      .i1(-3)
      .u1(151)
      .reserved(3);
  }
  return payload.frame(0x0a, 0x38);
}

/** Version 1: jamming and spoofing detection enabled, neither seen. */
function secSig(): Uint8Array {
  return new UbxPayload(12).u1(1).reserved(3).u1(0b011).reserved(3).u1(0b0011).reserved(3).frame(0x27, 0x09);
}

/** A sensor value: its type in the upper byte, a two's complement value in the lower 24 bits. */
const sensor = (type: number, value: number): number => ((type << 24) | (Math.round(value) & 0xff_ffff)) >>> 0;

function esfRaw({ acceleration, rotation }: TrackPoint, ms: number): Uint8Array {
  const [accX, accY, accZ] = acceleration.map((value) => value * ACCELEROMETER.scale);
  const [gyroX, gyroY, gyroZ] = rotation.map((value) => value * GYRO.scale);
  const measurements = [
    sensor(ACCELEROMETER.x, accX ?? 0),
    sensor(ACCELEROMETER.y, accY ?? 0),
    sensor(ACCELEROMETER.z, accZ ?? 0),
    sensor(GYRO.x, gyroX ?? 0),
    sensor(GYRO.y, gyroY ?? 0),
    sensor(GYRO.z, gyroZ ?? 0),
    sensor(GYRO_TEMPERATURE.type, 31.5 * GYRO_TEMPERATURE.scale),
  ];
  const payload = new UbxPayload(4 + 8 * measurements.length).reserved(4);
  for (const measurement of measurements) payload.u4(measurement, ms);
  return payload.frame(0x10, 0x03);
}

/** One measurement: the speed by the wheels. */
function esfMeas({ speed }: TrackPoint, ms: number): Uint8Array {
  return new UbxPayload(12)
    .u4(ms)
    .u2(1 << 11, 0) // numMeas in bits 15 to 11; provider 0
    .u4(sensor(WHEEL_SPEED.type, speed * WHEEL_SPEED.scale))
    .frame(0x10, 0x02);
}
