import type { Epoch } from '../epoch.ts';
import { type FixDraft, MODE, RANK, STATUS } from '../fix.ts';
import { midnight } from '../time.ts';
import { geodetic } from '../wgs84.ts';
import type { UbxPayload } from './payload.ts';

/** An accuracy estimate of all ones says that there is none. */
const NO_ACCURACY = 0xffff_ffff;

/** gpsFix and fixType (NAV-PVT, NAV-SOL, NAV-STATUS): what a receiver navigates by. */
const FIX_TYPE = { none: 0, deadReckoning: 1, fix2d: 2, fix3d: 3, gnssDeadReckoning: 4, timeOnly: 5 } as const;

/** NAV-PVT (0x01 0x07), 84 bytes up to generation 7 and 92 since: the whole solution of an epoch. */
export function pvt(payload: UbxPayload, epoch: Epoch): void {
  const timeOfWeek = payload.u4(0);
  epoch.atTimeOfWeek(timeOfWeek);
  const valid = payload.u1(11);
  const day = midnight(payload.u2(4), payload.u1(6), payload.u1(7));
  if ((valid & 0x03) === 0x03) {
    const seconds = (payload.u1(8) * 60 + payload.u1(9)) * 60 + payload.u1(10);
    setUtc(epoch, day, seconds, payload.i4(16), timeOfWeek);
  }
  const fix = epoch.fix;
  fix.ubx = true;
  const flags = payload.u1(21);
  judge(fix, payload.u1(20), (flags & 0x01) !== 0, (flags & 0x02) !== 0, flags >> 6);
  // flags3, bit 0, invalidLlh: longitude, latitude and heights are invalid. Receivers that do not know the bit send zero.
  if ((payload.u1(78) & 0x01) !== 0) fix.ubxMode = MODE.none;
  fix.place(RANK.ubxPosllh, payload.i4(28), payload.i4(24));
  fix.altHAE = payload.i4(32);
  fix.altMSL = payload.i4(36);
  fix.eph = accuracy(payload.u4(40), 1);
  fix.epv = accuracy(payload.u4(44), 1);
  fix.ept = accuracy(payload.u4(12), 1);
  fix.climb = 0 - payload.i4(56);
  fix.speed = payload.i4(60);
  fix.track = direction(payload.i4(64));
  fix.eps = accuracy(payload.u4(68), 1);
  fix.epd = accuracy(payload.u4(72), 1);
  fix.uSat = payload.u1(23);
  if (payload.length >= 92 && (valid & 0x08) !== 0) fix.magvar = payload.i2(88) * 1000;
  epoch.sky.dilution.pdop = payload.u2(76);
}

/** NAV-POSLLH (0x01 0x02), 28 bytes: position and its accuracy. Whether it is valid is said elsewhere. */
export function posllh(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  const fix = epoch.fix;
  fix.eph = accuracy(payload.u4(20), 1);
  fix.epv = accuracy(payload.u4(24), 1);
  if (Number.isNaN(fix.eph)) return;
  fix.ubx = true;
  fix.place(RANK.ubxPosllh, payload.i4(8), payload.i4(4));
  fix.altHAE = payload.i4(12);
  fix.altMSL = payload.i4(16);
}

/**
 * NAV-HPPOSLLH (0x01 0x14), 36 bytes: the position with 1e-9 degrees and 0.1 mm, here rounded to 1e-7 degrees and mm.
 */
export function hpposllh(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(4));
  if ((payload.u1(3) & 0x01) !== 0) return;
  const fix = epoch.fix;
  fix.ubx = true;
  const lat = Math.round(payload.i4(12) + payload.i1(25) / 100);
  fix.place(RANK.ubxHpposllh, lat, Math.round(payload.i4(8) + payload.i1(24) / 100));
  fix.altHAE = Math.round(payload.i4(16) + payload.i1(26) / 10);
  fix.altMSL = Math.round(payload.i4(20) + payload.i1(27) / 10);
  fix.eph = accuracy(payload.u4(28), 0.1);
  fix.epv = accuracy(payload.u4(32), 0.1);
}

/** NAV-SOL (0x01 0x06), 52 bytes, generations 4 to 7: week, fix type, position and velocity in earth-centred cm. */
export function sol(payload: UbxPayload, epoch: Epoch): void {
  const timeOfWeek = payload.u4(0);
  epoch.atTimeOfWeek(timeOfWeek);
  const flags = payload.u1(11);
  if ((flags & 0x0c) === 0x0c) epoch.clock.setGpsWeek(payload.i2(8), timeOfWeek);
  const fix = epoch.fix;
  fix.ubx = true;
  judge(fix, payload.u1(10), (flags & 0x01) !== 0, (flags & 0x02) !== 0, 0);
  fix.uSat = payload.u1(47);
  epoch.sky.dilution.pdop = payload.u2(44);
  if (fix.ubxMode < MODE.fix2d) return;
  const place = geodetic(payload.i4(12) / 100, payload.i4(16) / 100, payload.i4(20) / 100);
  if (place === undefined || fix.rank > RANK.ubxSol) return;
  fix.place(RANK.ubxSol, Math.round(place.lat * 1e7), Math.round(place.lon * 1e7));
  fix.altHAE = Math.round(place.height * 1000);
}

/** NAV-VELNED (0x01 0x12), 36 bytes: velocity in cm/s, course in 1e-5 degrees. */
export function velned(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  const fix = epoch.fix;
  fix.climb = payload.i4(12) * -10;
  fix.speed = payload.u4(20) * 10;
  fix.track = direction(payload.i4(24));
  fix.eps = accuracy(payload.u4(28), 10);
  fix.epd = accuracy(payload.u4(32), 1);
}

/** NAV-STATUS (0x01 0x03), 16 bytes: fix type and, since generation 8, the state of spoofing detection. */
export function status(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  const flags = payload.u1(5);
  const fix = epoch.fix;
  judge(fix, payload.u1(4), (flags & 0x01) !== 0, (flags & 0x02) !== 0, payload.u1(7) >> 6);
  const spoofing = (payload.u1(7) >> 3) & 0x03;
  if (spoofing > 0) epoch.spoofing(spoofing);
}

/** NAV-DOP (0x01 0x04), 18 bytes: dilutions of precision in hundredths. */
export function dop(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  const dilution = epoch.sky.dilution;
  dilution.gdop = payload.u2(4);
  dilution.pdop = payload.u2(6);
  dilution.tdop = payload.u2(8);
  dilution.vdop = payload.u2(10);
  dilution.hdop = payload.u2(12);
}

/** NAV-TIMEUTC (0x01 0x21), 20 bytes. */
export function timeutc(payload: UbxPayload, epoch: Epoch): void {
  const timeOfWeek = payload.u4(0);
  epoch.atTimeOfWeek(timeOfWeek);
  if ((payload.u1(19) & 0x04) === 0) return;
  const day = midnight(payload.u2(12), payload.u1(14), payload.u1(15));
  const seconds = (payload.u1(16) * 60 + payload.u1(17)) * 60 + payload.u1(18);
  setUtc(epoch, day, seconds, payload.i4(8), timeOfWeek);
  const estimate = accuracy(payload.u4(4), 1);
  if (Number.isNaN(epoch.fix.ept)) epoch.fix.ept = estimate;
}

/** NAV-TIMEGPS (0x01 0x20), 16 bytes: week and leap seconds. */
export function timegps(payload: UbxPayload, epoch: Epoch): void {
  const timeOfWeek = payload.u4(0);
  epoch.atTimeOfWeek(timeOfWeek);
  const valid = payload.u1(11);
  if ((valid & 0x04) !== 0) epoch.clock.setLeapSeconds(payload.i1(10));
  if ((valid & 0x03) === 0x03 && !epoch.clock.knowsWeek) {
    const nanoseconds = payload.i4(4);
    epoch.clock.setGpsWeek(payload.i2(8), timeOfWeek + Math.round(nanoseconds / 1e6));
  }
}

/** NAV-EOE (0x01 0x61), 4 bytes: the epoch's last message. */
export function eoe(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  epoch.close();
}

/** nano is the fraction of the second, -1e9 to 1e9 ns; the fields before it are rounded to the nearest second. */
function setUtc(epoch: Epoch, day: number, seconds: number, nano: number, timeOfWeek: number): void {
  if (seconds <= 86_400)
    epoch.clock.setWeek(epoch.clock.unroll(day) + seconds * 1000 + Math.round(nano / 1e6), timeOfWeek);
}

/**
 * Turns fix type and flags into mode and status. carrSoln: 1 float, 2 fixed ambiguities. Without gnssFixOK the fix
 * exceeds the receiver's accuracy masks: it stays a fix, with its accuracy estimates, but of unknown status.
 */
function judge(fix: FixDraft, fixType: number, ok: boolean, differential: boolean, carrier: number): void {
  fix.ubxMode = modeOf(fixType);
  fix.ubxStatus = STATUS.unknown;
  if (!ok || fix.ubxMode === MODE.none) return;
  if (fixType === FIX_TYPE.deadReckoning) fix.ubxStatus = STATUS.deadReckoning;
  else if (fixType === FIX_TYPE.timeOnly) fix.ubxStatus = STATUS.surveyed;
  else if (carrier === 2) fix.ubxStatus = STATUS.rtkFixed;
  else if (carrier === 1) fix.ubxStatus = STATUS.rtkFloat;
  else if (fixType === FIX_TYPE.gnssDeadReckoning) fix.ubxStatus = STATUS.gnssDeadReckoning;
  else fix.ubxStatus = differential ? STATUS.dgnss : STATUS.gnss;
}

/** A receiver that navigates for time only holds a surveyed position, which has height. */
function modeOf(fixType: number): number {
  switch (fixType) {
    case FIX_TYPE.fix2d:
      return MODE.fix2d;
    case FIX_TYPE.deadReckoning:
    case FIX_TYPE.fix3d:
    case FIX_TYPE.gnssDeadReckoning:
    case FIX_TYPE.timeOnly:
      return MODE.fix3d;
    default:
      return MODE.none;
  }
}

const accuracy = (value: number, scale: number): number =>
  value === NO_ACCURACY ? Number.NaN : scale === 1 ? value : Math.round(value * scale);

/** A direction in 1e-5 degrees, brought from -180..180 to 0..360. */
const direction = (value: number): number => (value < 0 ? value + 36_000_000 : value);
