import { distance, globalPlace, globalSurfacePlace, localPlace, type Place, type Report } from './cpr.ts';

/** When a report was heard: by the gateway's clock, and by the receiver's counter where it has one (NaN otherwise). */
export interface Heard {
  readonly t: number;
  readonly counter: number;
}

/** What an aircraft said of its position, and when. */
export interface PositionReport extends Report, Heard {
  readonly surface: boolean;
  /** mm/s, of a surface position. */
  readonly groundSpeed: number | undefined;
}

export interface Fix extends Place {
  readonly method: 'global' | 'local';
}

/** Where the receiver stands, and how far it hears, in metres. */
export interface Receiver extends Place {
  readonly range: number;
}

/** Most aircraft that are remembered: what no receiver hears at once. */
const MAX_AIRCRAFT = 4096;
const FORGET_MS = 300_000;

/** An even and an odd report make one position when no more than this lies between them (Doc 9871, C.2.6.7 and C.2.6.8). */
const AIRBORNE_PAIR_MS = 10_000;
const SURFACE_PAIR_MS = 25_000;
const SLOW_SURFACE_PAIR_MS = 50_000;
/** 25 knots, in mm/s: what slow means on the surface. */
const SLOW = 12_861;

/** A known position serves to place single reports for as long. */
const LOCAL_MS = 60_000;

/** Of a receiver's range, where the configuration gives none: 300 nautical miles. */
export const DEFAULT_RANGE = 555_600;
/** Metres of a zone of single reports: 360 nautical miles in the air, 90 on the surface. */
const AIRBORNE_ZONE = 666_720;
const SURFACE_ZONE = 166_680;

/** Faster than anything that flies with a transponder, m/s, and what the encoding may be off, in metres. */
const AIRBORNE_SPEED = 1_000;
const SURFACE_SPEED = 150;
const SLACK = 1_000;

/** After so many positions that cannot be reached from the known one, the known one was the wrong one. */
const MAX_DOUBTS = 3;

const COUNTER_HZ = 12_000_000;
const COUNTER_PERIOD = 2 ** 48;

/**
 * Milliseconds from one report to a later one. A recording that is read at once has a clock that stands still: there
 * the receiver's counter tells, where it has one. NaN where nothing tells.
 */
function elapsed(from: Heard, to: Heard): number {
  if (to.t !== from.t) return to.t - from.t;
  const ticks = (to.counter - from.counter + COUNTER_PERIOD) % COUNTER_PERIOD;
  return (ticks * 1000) / COUNTER_HZ;
}

/** What is known of one aircraft's whereabouts. */
class Aircraft {
  seen = 0;
  #even: PositionReport | undefined;
  #odd: PositionReport | undefined;
  #place: Place | undefined;
  #placed: PositionReport | undefined;
  #doubts = 0;

  /** The position that a report makes, with those before it; undefined while there is none that can be believed. */
  locate(report: PositionReport, receiver: Receiver | undefined): Fix | undefined {
    const opposite = report.odd ? this.#even : this.#odd;
    if (report.odd) this.#odd = report;
    else this.#even = report;
    const known = this.#knownAt(report);
    const fix = this.#global(report, opposite, known ?? receiver) ?? this.#local(report, known, receiver);
    if (fix === undefined) return undefined;
    if (!this.#isPlausible(fix, report, receiver)) {
      this.#doubts++;
      if (this.#doubts >= MAX_DOUBTS) this.#forget();
      return undefined;
    }
    this.#doubts = 0;
    this.#place = { lat: fix.lat, lon: fix.lon };
    this.#placed = report;
    return fix;
  }

  #knownAt(report: PositionReport): Place | undefined {
    if (this.#placed === undefined) return undefined;
    return elapsed(this.#placed, report) > LOCAL_MS ? undefined : this.#place;
  }

  #global(report: PositionReport, opposite: PositionReport | undefined, near: Place | undefined): Fix | undefined {
    if (opposite === undefined || opposite.surface !== report.surface) return undefined;
    if (elapsed(opposite, report) > pairMs(report, opposite)) return undefined;
    const [even, odd] = report.odd ? [opposite, report] : [report, opposite];
    const place = report.surface
      ? near && globalSurfacePlace(even, odd, report.odd, near)
      : globalPlace(even, odd, report.odd);
    return place && { ...place, method: 'global' };
  }

  /** From the aircraft's own last position, else from the receiver where no other place in range would fit as well. */
  #local(report: PositionReport, known: Place | undefined, receiver: Receiver | undefined): Fix | undefined {
    const near = known ?? receiver;
    if (near === undefined) return undefined;
    const place = localPlace(report, report.surface, near);
    if (place === undefined) return undefined;
    if (known === undefined && receiver !== undefined) {
      const zone = report.surface ? SURFACE_ZONE : AIRBORNE_ZONE;
      const reach = report.surface ? zone / 2 : Math.min(receiver.range, zone - receiver.range);
      if (distance(place, receiver) > reach) return undefined;
    }
    return { ...place, method: 'local' };
  }

  #isPlausible(place: Place, report: PositionReport, receiver: Receiver | undefined): boolean {
    if (receiver !== undefined && distance(place, receiver) > receiver.range) return false;
    if (this.#place === undefined || this.#placed === undefined) return true;
    const ms = elapsed(this.#placed, report);
    if (!(ms >= 0)) return true;
    const speed = report.surface && this.#placed.surface ? SURFACE_SPEED : AIRBORNE_SPEED;
    return distance(this.#place, place) <= SLACK + (speed * ms) / 1000;
  }

  #forget(): void {
    this.#even = undefined;
    this.#odd = undefined;
    this.#place = undefined;
    this.#placed = undefined;
    this.#doubts = 0;
  }
}

function pairMs(report: PositionReport, opposite: PositionReport): number {
  if (!report.surface) return AIRBORNE_PAIR_MS;
  const speed = Math.max(report.groundSpeed ?? Infinity, opposite.groundSpeed ?? Infinity);
  return speed <= SLOW ? SLOW_SURFACE_PAIR_MS : SURFACE_PAIR_MS;
}

/** The aircraft heard of late, by address; the longest silent ones are forgotten first. */
export class AircraftTable {
  readonly #receiver: Receiver | undefined;
  /** In the order in which they were last heard. */
  readonly #aircraft = new Map<number, Aircraft>();

  constructor(receiver: Receiver | undefined) {
    this.#receiver = receiver;
  }

  get size(): number {
    return this.#aircraft.size;
  }

  knows(address: number, t: number): boolean {
    this.#expire(t);
    return this.#aircraft.has(address);
  }

  /** An aircraft was heard. */
  hear(address: number, t: number): void {
    this.#of(address, t);
  }

  /** The position that an aircraft's report makes; undefined where it makes none. */
  locate(address: number, report: PositionReport): Fix | undefined {
    return this.#of(address, report.t).locate(report, this.#receiver);
  }

  #of(address: number, t: number): Aircraft {
    this.#expire(t);
    const aircraft = this.#aircraft.get(address) ?? new Aircraft();
    aircraft.seen = t;
    this.#aircraft.delete(address);
    this.#aircraft.set(address, aircraft);
    return aircraft;
  }

  #expire(t: number): void {
    for (const [address, aircraft] of this.#aircraft) {
      if (t - aircraft.seen <= FORGET_MS && this.#aircraft.size <= MAX_AIRCRAFT) return;
      this.#aircraft.delete(address);
    }
  }
}
