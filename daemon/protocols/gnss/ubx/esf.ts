import { type Fields, KINDS } from '../../../readings/index.ts';
import type { Epoch } from '../epoch.ts';
import type { UbxPayload } from './payload.ts';

type ImuFields = { -readonly [N in keyof Fields<'imu.sample'>]: Fields<'imu.sample'>[N] };

const SPEC = KINDS['imu.sample'].fields;

/** Ticks of the sensor time tag of ESF-RAW in a second, measured against the milliseconds of ESF-MEAS. */
const RAW_TICKS = 25_600;

const DIRECTION_BIT = 0x80_0000;

/** ESF-MEAS (0x10 0x02): the measurements of one time tag (ms), numMeas of them in bits 15..11 of the flags. */
export function meas(payload: UbxPayload, epoch: Epoch): void {
  const fields: ImuFields = {};
  const count = payload.u2(4) >> 11;
  for (let index = 0, at = 8; index < count && at + 4 <= payload.length; index++, at += 4) {
    measure(payload.u4(at), fields);
  }
  emit(payload.u4(0), fields, epoch);
}

/** ESF-RAW (0x10 0x03): pairs of measurement and time tag; those of one tag make one sample. */
export function raw(payload: UbxPayload, epoch: Epoch): void {
  let fields: ImuFields = {};
  let tag = 0;
  for (let at = 4; at + 8 <= payload.length; at += 8) {
    const next = payload.u4(at + 4);
    if (at > 4 && next !== tag) {
      emit(Math.round((tag * 1000) / RAW_TICKS), fields, epoch);
      fields = {};
    }
    tag = next;
    measure(payload.u4(at), fields);
  }
  emit(Math.round((tag * 1000) / RAW_TICKS), fields, epoch);
}

function emit(timeTag: number, fields: ImuFields, epoch: Epoch): void {
  if (Object.keys(fields).length === 0) return;
  fields.timeTag = timeTag;
  epoch.emit({ kind: 'imu.sample', t: epoch.now, fields });
}

/**
 * One word of ESF-MEAS and ESF-RAW: a type in bits 29..24, a signed number in bits 23..0 (u-blox M8 interface
 * description, "ESF Measurement Data"). Types that imu.sample has no field for are left out.
 */
function measure(word: number, fields: ImuFields): void {
  const value = (word << 8) >> 8;
  switch ((word >>> 24) & 0x3f) {
    case 5:
      fields.gyroZ = rate(value);
      break;
    case 10: {
      const ticks = word & (DIRECTION_BIT - 1);
      fields.wheelTicks = (word & DIRECTION_BIT) === 0 ? ticks : 0 - ticks;
      break;
    }
    case 11:
      if (value >= SPEC.wheelSpeed.min && value <= SPEC.wheelSpeed.max) fields.wheelSpeed = value;
      break;
    case 12:
      if (value >= SPEC.temperature.min && value <= SPEC.temperature.max) fields.temperature = value;
      break;
    case 13:
      fields.gyroY = rate(value);
      break;
    case 14:
      fields.gyroX = rate(value);
      break;
    case 16:
      if (isAcceleration(value)) fields.accX = acceleration(value);
      break;
    case 17:
      if (isAcceleration(value)) fields.accY = acceleration(value);
      break;
    case 18:
      if (isAcceleration(value)) fields.accZ = acceleration(value);
      break;
  }
}

/** 2^-12 deg/s to 1e-6 deg/s. A 24-bit value stays within the kind's bounds. */
const rate = (value: number): number => Math.round((value * 1e6) / 4096);

/** 2^-10 m/s2 to 1e-6 m/s2. */
const acceleration = (value: number): number => Math.round((value * 1e6) / 1024);

const isAcceleration = (value: number): boolean => {
  const scaled = acceleration(value);
  return scaled >= SPEC.accX.min && scaled <= SPEC.accX.max;
};
