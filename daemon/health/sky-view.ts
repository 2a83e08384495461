import { type Fields, KINDS, unpackRecords } from '../readings/index.ts';
import type { SatelliteStatus, SkyStatus } from './status.ts';

const { satellites } = KINDS['gnss.sky'].fields;

/** What a gnss.sky reading shows: one row for each satellite, though a receiver reports each of its signals. */
export function skyView(source: string, t: number, fields: Fields<'gnss.sky'>): SkyStatus {
  const seen = new Map<string, SatelliteStatus>();
  const rows = fields.satellites === undefined ? [] : (unpackRecords(satellites, fields.satellites) ?? []);
  for (const { gnssid, svid = 0, el, az, ss, used } of rows) {
    const name = `${gnssid}/${svid}`;
    const before = seen.get(name);
    seen.set(name, {
      gnssid,
      svid,
      elevation: el ?? before?.elevation,
      azimuth: az ?? before?.azimuth,
      ss: before?.ss === undefined || (ss ?? 0) > before.ss ? ss : before.ss,
      used: used === 1 || before?.used === true,
    });
  }
  const { hdop } = fields;
  return { source, t, hdop: hdop === undefined ? undefined : hdop / 100, satellites: [...seen.values()] };
}
