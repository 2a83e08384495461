import type { Epoch } from '../epoch.ts';
import type { NmeaFields } from './fields.ts';
import { constellationOfSystem, constellationOfTalker, identify, type Satellite } from './satellites.ts';

const FIRST_USED = 3;
const LAST_USED = 14;
const SATELLITE_FIELDS = 4;

/**
 * Makes the sky view of GSV and GSA sentences. A view is complete when the last sentence of a group has followed the
 * others.
 */
export class NmeaSky {
  readonly #satellite: Satellite = { gnssid: 0, svid: 0 };
  /** The group that is open: its talker, total and the number of its sentence that must come next. */
  #talker = 0;
  #total = 0;
  #next = 0;
  #signal = Number.NaN;

  /** GSA: satellites used, PDOP, HDOP, VDOP, and since NMEA 4.11 the system id. */
  gsa(fields: NmeaFields, talker: number, epoch: Epoch): void {
    epoch.touch();
    const system = fields.count > 18 ? constellationOfSystem(fields.integer(18)) : undefined;
    const constellation = system ?? constellationOfTalker(talker);
    epoch.sky.usedIsKnown();
    for (let field = FIRST_USED; field <= LAST_USED; field++) {
      if (fields.isEmpty(field)) continue;
      if (identify(fields.integer(field), constellation, this.#satellite)) {
        epoch.sky.use(this.#satellite.gnssid, this.#satellite.svid);
      }
    }
    const dilution = epoch.sky.dilution;
    dilution.pdop = fields.decimal(15, 2);
    dilution.hdop = fields.decimal(16, 2);
    dilution.vdop = fields.decimal(17, 2);
  }

  /**
   * GSV: sentences of the group, number, satellites in view, then number, elevation, azimuth and C/N0 of up to four.
   */
  gsv(fields: NmeaFields, talker: number, epoch: Epoch): void {
    const total = fields.integer(1);
    const number = fields.integer(2);
    if (!(total >= 1 && number >= 1 && number <= total)) return;
    // NMEA 4.11 appends the signal id: one field more than whole satellites need.
    const repeated = fields.count - SATELLITE_FIELDS;
    const signal = repeated % SATELLITE_FIELDS === 1 ? fields.decimal(fields.count - 1, 0) : Number.NaN;
    epoch.touch();
    if (number === 1) {
      epoch.sky.beginPart();
      this.#talker = talker;
      this.#total = total;
      this.#signal = signal;
    } else if (
      number !== this.#next ||
      talker !== this.#talker ||
      total !== this.#total ||
      !Object.is(signal, this.#signal)
    ) {
      this.#next = 0;
      epoch.sky.breakPart();
      return;
    }
    const constellation = constellationOfTalker(talker);
    const { satellites } = epoch.sky;
    const sigid = signal > 0 ? signal : Number.NaN;
    for (let field = SATELLITE_FIELDS; field + 3 < fields.count; field += SATELLITE_FIELDS) {
      if (!identify(fields.integer(field), constellation, this.#satellite)) continue;
      const { gnssid, svid } = this.#satellite;
      const el = fields.decimal(field + 1, 0);
      satellites.add(gnssid, svid, sigid, el, fields.decimal(field + 2, 0), fields.decimal(field + 3, 0), false);
    }
    this.#next = number + 1;
    if (number === total) {
      epoch.sky.endPart();
      this.#next = 0;
    }
  }
}
