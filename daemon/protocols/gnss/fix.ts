import { type Fields, type IntField, KINDS } from '../../readings/index.ts';

const SPEC = KINDS['gnss.fix'].fields;

type FixFields = { -readonly [N in keyof Fields<'gnss.fix'>]: Fields<'gnss.fix'>[N] };

/** gnss.fix mode, by its numbers. */
export const MODE = { unknown: 0, none: 1, fix2d: 2, fix3d: 3 } as const;

/** gnss.fix status, by its numbers. */
export const STATUS = {
  unknown: 0,
  gnss: 1,
  dgnss: 2,
  rtkFixed: 3,
  rtkFloat: 4,
  deadReckoning: 5,
  gnssDeadReckoning: 6,
  surveyed: 7,
  simulated: 8,
} as const;

/**
 * How good a source of the position is: of one epoch's messages the best one's position is kept, of equals the last. A
 * sentence of seven digits of a minute or more comes of a receiver set to high precision; what it sends with fewer is
 * cut short.
 */
export const RANK = { nmea: 1, nmeaPrecise: 2, ubxSol: 20, ubxPosllh: 30, ubxHpposllh: 40 } as const;

const NONE = Number.NaN;

/**
 * The fix of one epoch in the making, in the integers of its kind; NaN is a value that no message has given. What NMEA
 * says counts only until UBX speaks of the same epoch: the same receiver says it there with more digits.
 */
export class FixDraft {
  /** A UBX message has told where the receiver is. */
  ubx = false;
  /** A sentence that carries the position says that it is not valid. */
  denied = false;
  /** The largest mode that a GSA sentence of the epoch has told. */
  mode: number = MODE.unknown;
  status: number = STATUS.unknown;
  /** What UBX says of mode and status. */
  ubxMode: number = MODE.unknown;
  ubxStatus: number = STATUS.unknown;
  rank = 0;
  lat = NONE;
  lon = NONE;
  altHAE = NONE;
  altMSL = NONE;
  speed = NONE;
  track = NONE;
  climb = NONE;
  eph = NONE;
  epv = NONE;
  eps = NONE;
  epd = NONE;
  ept = NONE;
  uSat = NONE;
  dgpsAge = NONE;
  dgpsSta = NONE;
  magvar = NONE;

  reset(): void {
    this.ubx = false;
    this.denied = false;
    this.mode = MODE.unknown;
    this.status = STATUS.unknown;
    this.ubxMode = MODE.unknown;
    this.ubxStatus = STATUS.unknown;
    this.rank = 0;
    this.lat = NONE;
    this.lon = NONE;
    this.altHAE = NONE;
    this.altMSL = NONE;
    this.speed = NONE;
    this.track = NONE;
    this.climb = NONE;
    this.eph = NONE;
    this.epv = NONE;
    this.eps = NONE;
    this.epd = NONE;
    this.ept = NONE;
    this.uSat = NONE;
    this.dgpsAge = NONE;
    this.dgpsSta = NONE;
    this.magvar = NONE;
  }

  /** The mode by the better source of the epoch. */
  get toldMode(): number {
    return this.ubx ? this.ubxMode : this.mode;
  }

  /** Takes a position on earth, unless a better source has given one. */
  place(rank: number, lat: number, lon: number): void {
    if (rank < this.rank || Math.abs(lat) > SPEC.lat.max || Math.abs(lon) > SPEC.lon.max) return;
    this.rank = rank;
    this.lat = lat;
    this.lon = lon;
  }

  /** Whether the receiver knew where it was. */
  get isFix(): boolean {
    return this.rank > 0 && this.toldMode !== MODE.none && (this.ubx || !this.denied);
  }

  /**
   * The reading's fields. A value outside the bounds of its kind is left out: it says nothing about the world.
   * Where the epoch did not tell its mode, it is the receiver's last word, or what follows from its having an altitude.
   */
  fields(time: number, lastMode: number): FixFields {
    const implied = Number.isNaN(this.altMSL) && Number.isNaN(this.altHAE) ? MODE.fix2d : MODE.fix3d;
    const usual = lastMode >= MODE.fix2d ? lastMode : implied;
    const told = this.toldMode;
    const fields: FixFields = { time, mode: told >= MODE.fix2d ? told : usual };
    const status = this.ubx ? this.ubxStatus : this.status;
    if (status !== STATUS.unknown) fields.status = status;
    put(fields, 'lat', this.lat, SPEC.lat);
    put(fields, 'lon', this.lon, SPEC.lon);
    put(fields, 'altHAE', this.altHAE, SPEC.altHAE);
    put(fields, 'altMSL', this.altMSL, SPEC.altMSL);
    put(fields, 'speed', this.speed, SPEC.speed);
    put(fields, 'track', this.track, SPEC.track);
    put(fields, 'climb', this.climb, SPEC.climb);
    put(fields, 'eph', this.eph, SPEC.eph);
    put(fields, 'epv', this.epv, SPEC.epv);
    put(fields, 'eps', this.eps, SPEC.eps);
    put(fields, 'epd', this.epd, SPEC.epd);
    put(fields, 'ept', this.ept, SPEC.ept);
    put(fields, 'uSat', this.uSat, SPEC.uSat);
    put(fields, 'dgpsAge', this.dgpsAge, SPEC.dgpsAge);
    put(fields, 'dgpsSta', this.dgpsSta, SPEC.dgpsSta);
    put(fields, 'magvar', this.magvar, SPEC.magvar);
    return fields;
  }
}

function put(fields: FixFields, name: Exclude<keyof FixFields, 'mode'>, value: number, spec: IntField): void {
  if (value >= spec.min && value <= spec.max) fields[name] = value;
}
