import type { Epoch } from '../epoch.ts';
import { BEIDOU, GALILEO, GLONASS, GPS, QZSS, SBAS } from '../satellites.ts';
import type { UbxPayload } from './payload.ts';

const HEADER = 8;
const BLOCK = 12;

/** NAV-SAT (0x01 0x35): satellites by constellation and number, since generation 8. */
export function sat(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  epoch.sky.beginView();
  for (let at = HEADER, left = payload.u1(5); left > 0 && at + BLOCK <= payload.length; at += BLOCK, left--) {
    const used = (payload.u4(at + 8) & 0x08) !== 0;
    const azimuth = payload.i2(at + 4);
    const ss = payload.u1(at + 2);
    epoch.sky.satellites.add(payload.u1(at), payload.u1(at + 1), Number.NaN, payload.i1(at + 3), azimuth, ss, used);
  }
}

/** NAV-SVINFO (0x01 0x30): satellites by one number for all constellations, up to generation 8. */
export function svinfo(payload: UbxPayload, epoch: Epoch): void {
  epoch.atTimeOfWeek(payload.u4(0));
  epoch.sky.beginView();
  for (let at = HEADER, left = payload.u1(4); left > 0 && at + BLOCK <= payload.length; at += BLOCK, left--) {
    const number = payload.u1(at + 1);
    const range = NUMBERING.find(({ from, to }) => number >= from && number <= to);
    if (range === undefined) continue;
    const used = (payload.u1(at + 2) & 0x01) !== 0;
    const azimuth = payload.i2(at + 6);
    const svid = number - range.offset;
    epoch.sky.satellites.add(range.gnssid, svid, Number.NaN, payload.i1(at + 5), azimuth, payload.u1(at + 4), used);
  }
}

/**
 * u-blox interface descriptions, "Satellite numbering", the column of the single number (svid). 255 is an unknown
 * GLONASS one.
 */
const NUMBERING: readonly {
  readonly from: number;
  readonly to: number;
  readonly gnssid: number;
  readonly offset: number;
}[] = [
  { from: 1, to: 32, gnssid: GPS, offset: 0 },
  { from: 33, to: 64, gnssid: BEIDOU, offset: 27 },
  { from: 65, to: 96, gnssid: GLONASS, offset: 64 },
  { from: 120, to: 158, gnssid: SBAS, offset: 0 },
  { from: 159, to: 163, gnssid: BEIDOU, offset: 158 },
  { from: 193, to: 202, gnssid: QZSS, offset: 192 },
  { from: 211, to: 246, gnssid: GALILEO, offset: 210 },
];
