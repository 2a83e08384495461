import type { Epoch } from '../epoch.ts';
import { type FixDraft, MODE, RANK, STATUS } from '../fix.ts';
import { midnight } from '../time.ts';
import type { NmeaFields } from './fields.ts';

/** mm/s in 1e-3 knots: a knot is 1852 m in an hour. */
const MM_PER_MILLIKNOT = 1852 / 3600;
/** mm/s in 1e-3 km/h. */
const MM_PER_MILLIKMH = 1 / 3.6;

/** Digits of a minute from which a sentence counts as precise: 1e-7 minutes are 0.2 mm. */
const PRECISE_DIGITS = 7;

/** Types of sentences that carry a time, as bits for an epoch whose sentences leave it empty. */
const NO_TIME = { gga: 1, rmc: 2, gll: 4, gns: 8 } as const;

const A = 0x41;
const D = 0x44;
const N = 0x4e;
const W = 0x57;

/** The positioning system mode indicator of RMC, GLL, VTG and GNS (IEC 61162-1, "Mode indicator"), as a status. */
function statusOfMode(indicator: number): number {
  switch (indicator) {
    case A:
      return STATUS.gnss;
    case D:
    case 0x50: // P: precise, i.e. with no deliberate degradation; receivers say it of PPP and SBAS
      return STATUS.dgnss;
    case 0x45: // E
      return STATUS.deadReckoning;
    case 0x46: // F
      return STATUS.rtkFloat;
    case 0x52: // R
      return STATUS.rtkFixed;
    case 0x4d: // M
      return STATUS.surveyed;
    case 0x53: // S
      return STATUS.simulated;
    default:
      return STATUS.unknown;
  }
}

/** GGA quality indicator (IEC 61162-1, GGA): 3 is the precise positioning service, 7 manual input. */
const QUALITY: readonly number[] = [
  STATUS.unknown,
  STATUS.gnss,
  STATUS.dgnss,
  STATUS.gnss,
  STATUS.rtkFixed,
  STATUS.rtkFloat,
  STATUS.deadReckoning,
  STATUS.surveyed,
  STATUS.simulated,
];

/** GNS mode indicators from the best to the least; one letter stands for each constellation. */
const GNS_ORDER: readonly number[] = [0x52, 0x46, 0x50, 0x44, A, 0x45, 0x4d, 0x53];

/** Enters the epoch of a sentence's time; false where the time is there and is none. */
function enter(fields: NmeaFields, field: number, epoch: Epoch, bit: number): boolean {
  if (fields.isEmpty(field)) {
    epoch.atNoTime(bit);
    return true;
  }
  const time = fields.timeOfDay(field);
  if (Number.isNaN(time)) return false;
  epoch.atTimeOfDay(time);
  return true;
}

/** Latitude and longitude, from four fields on. */
function place(fields: NmeaFields, field: number, fix: FixDraft): void {
  const lat = fields.latitude(field);
  const lon = fields.longitude(field + 2);
  if (Number.isNaN(lat + lon)) return;
  fix.place(fields.fraction(field) >= PRECISE_DIGITS ? RANK.nmeaPrecise : RANK.nmea, lat, lon);
}

/**
 * GGA: time, position, quality, satellites used, HDOP, altitude, geoid separation, age and station of the corrections.
 */
export function gga(fields: NmeaFields, epoch: Epoch): void {
  if (!enter(fields, 1, epoch, NO_TIME.gga)) return;
  const fix = epoch.fix;
  if (fix.ubx) return;
  const quality = fields.integer(6);
  if (!(quality > 0)) {
    fix.denied = true;
    return;
  }
  fix.status = QUALITY[quality] ?? STATUS.unknown;
  place(fields, 2, fix);
  fix.uSat = fields.integer(7);
  altitude(fields, 9, 11, fix);
  corrections(fields, 13, fix);
}

/**
 * RMC: time, status, position, speed, course, date, magnetic variation, mode. Some receivers write D for A when they
 * use corrections. The date counts only with a valid fix: receivers without one tell what they remember.
 */
export function rmc(fields: NmeaFields, epoch: Epoch): void {
  if (!enter(fields, 1, epoch, NO_TIME.rmc)) return;
  const fix = epoch.fix;
  const status = fields.byte(2);
  const mode = fields.byte(12);
  if ((status !== A && status !== D) || mode === N) {
    if (!fix.ubx) fix.denied = true;
    return;
  }
  const time = fields.timeOfDay(1);
  if (!Number.isNaN(time)) epoch.clock.setDate(shortDate(fields, 9, epoch), time);
  if (fix.ubx) return;
  if (fix.status === STATUS.unknown) fix.status = statusOfMode(mode === 0 ? status : mode);
  place(fields, 3, fix);
  velocity(fields, 7, Number.NaN, 8, fix);
  const variation = fields.decimal(10, 5);
  if (!Number.isNaN(variation)) fix.magvar = fields.byte(11) === W ? 0 - variation : variation;
}

/**
 * GLL: position, time, status, mode. Old receivers end with the position (NMEA 0183 1.5): it is of the epoch that is
 * open, and valid if it is there.
 */
export function gll(fields: NmeaFields, epoch: Epoch): void {
  if (fields.count <= 5) epoch.touch();
  else if (!enter(fields, 5, epoch, NO_TIME.gll)) return;
  const fix = epoch.fix;
  if (fix.ubx) return;
  const mode = fields.byte(7);
  if ((fields.count > 6 && fields.byte(6) !== A) || mode === N) {
    fix.denied = true;
    return;
  }
  if (fix.status === STATUS.unknown) fix.status = statusOfMode(mode);
  place(fields, 1, fix);
}

/**
 * GNS: time, position, one mode for each constellation, satellites used, HDOP, altitude, geoid separation, corrections.
 */
export function gns(fields: NmeaFields, epoch: Epoch): void {
  if (!enter(fields, 1, epoch, NO_TIME.gns)) return;
  const fix = epoch.fix;
  if (fix.ubx) return;
  let best = GNS_ORDER.length;
  for (let offset = fields.length(6) - 1; offset >= 0; offset--) {
    const order = GNS_ORDER.indexOf(fields.byteAt(6, offset));
    if (order >= 0 && order < best) best = order;
  }
  if (best === GNS_ORDER.length) {
    fix.denied = true;
    return;
  }
  if (fix.status === STATUS.unknown) fix.status = statusOfMode(GNS_ORDER[best] ?? 0);
  place(fields, 2, fix);
  if (Number.isNaN(fix.uSat)) fix.uSat = fields.integer(7);
  altitude(fields, 9, 10, fix);
  corrections(fields, 11, fix);
}

/** VTG: course and speed over ground. It carries no time and belongs to the epoch that is open. */
export function vtg(fields: NmeaFields, epoch: Epoch): void {
  epoch.touch();
  if (epoch.fix.ubx || fields.byte(9) === N) return;
  velocity(fields, 5, fields.decimal(7, 3), 1, epoch.fix);
}

/** ZDA: time and date with a full year. */
export function zda(fields: NmeaFields, epoch: Epoch): void {
  const time = fields.timeOfDay(1);
  const day = midnight(fields.integer(4), fields.integer(3), fields.integer(2));
  if (Number.isNaN(time) || Number.isNaN(day)) return;
  epoch.touch();
  epoch.clock.setDate(day, time);
}

/** GST: standard deviations of latitude, longitude and altitude, m. */
export function gst(fields: NmeaFields, epoch: Epoch): void {
  const time = fields.timeOfDay(1);
  if (Number.isNaN(time)) return;
  epoch.atTimeOfDay(time);
  const fix = epoch.fix;
  if (fix.ubx) return;
  const eph = Math.round(Math.hypot(fields.decimal(6, 3), fields.decimal(7, 3)));
  if (!Number.isNaN(eph)) fix.eph = eph;
  const epv = fields.decimal(8, 3);
  if (!Number.isNaN(epv)) fix.epv = epv;
}

/** The fix mode of a GSA sentence: 1 no fix, 2 2D, 3 3D, the numbers of gnss.fix. One comes for each constellation. */
export function gsaMode(fields: NmeaFields, fix: FixDraft): void {
  const mode = fields.integer(2);
  if (fix.ubx || !(mode >= MODE.none && mode <= MODE.fix3d)) return;
  fix.mode = Math.max(fix.mode, mode);
}

function altitude(fields: NmeaFields, aboveSea: number, separation: number, fix: FixDraft): void {
  const altMSL = fields.decimal(aboveSea, 3);
  if (Number.isNaN(altMSL)) return;
  fix.altMSL = altMSL;
  fix.altHAE = altMSL + fields.decimal(separation, 3);
}

function corrections(fields: NmeaFields, age: number, fix: FixDraft): void {
  const dgpsAge = fields.decimal(age, 3);
  if (Number.isNaN(dgpsAge)) return;
  fix.dgpsAge = dgpsAge;
  fix.dgpsSta = fields.integer(age + 1);
}

function velocity(fields: NmeaFields, knots: number, kmh: number, course: number, fix: FixDraft): void {
  const speed = fields.decimal(knots, 3) * MM_PER_MILLIKNOT;
  if (!Number.isNaN(speed)) fix.speed = Math.round(speed);
  else if (!Number.isNaN(kmh)) fix.speed = Math.round(kmh * MM_PER_MILLIKMH);
  const track = fields.decimal(course, 5);
  if (!Number.isNaN(track)) fix.track = track;
}

/** Midnight of ddmmyy; NaN where the field is no date. */
function shortDate(fields: NmeaFields, field: number, epoch: Epoch): number {
  if (fields.length(field) !== 6) return Number.NaN;
  return midnight(epoch.clock.fullYear(fields.pair(field, 4)), fields.pair(field, 2), fields.pair(field, 0));
}
