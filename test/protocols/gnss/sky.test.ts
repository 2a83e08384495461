import { describe, expect, it } from 'vitest';
import { Selection } from '../../../daemon/batching/index.ts';
import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import { type Fields, KINDS, type Observation, unpackRecords } from '../../../daemon/readings/index.ts';
import { REFERENCE, readings } from './decode.ts';
import { bytes, nmea } from './encode.ts';

const PERIOD_MS = 100;
const MIDNIGHT = Date.UTC(2026, 0, 15, 9, 0, 0);
const GSV: readonly string[] = [
  'GPGSV,2,1,05,01,60,010,40,02,50,020,41,03,40,030,42,04,30,040,43,1',
  'GPGSV,2,2,05,05,20,050,44,1',
  'GLGSV,1,1,02,65,20,060,30,66,10,070,31,1',
];

/** One epoch of a receiver that tells its satellites used and dilutions every time. */
const epoch = (index: number, { views = GSV, used = '01,02,05' } = {}): Uint8Array => {
  const time = new Date(MIDNIGHT + index * PERIOD_MS).toISOString().slice(11, 22).replaceAll(':', '');
  return bytes(
    nmea(`GNRMC,${time},A,5321.6802,N,00630.3371,W,0.06,31.66,150126,,,A`),
    nmea(`GNGSA,A,3,${used},,,,,,,,,,1.9,1.0,1.6,1`),
    nmea('GNGSA,A,3,65,,,,,,,,,,,,1.9,1.0,1.6,2'),
    ...views.map((sentence) => nmea(sentence)),
  );
};

type Sky = Fields<'gnss.sky'>;

/** The skies of so many epochs at ten a second, each with the arrival of its own; the line may be quiet between them. */
function skies(count: number, of: (index: number) => Uint8Array, quiet = true): (Observation & { fields: Sky })[] {
  const decoder = new GnssDecoder({ referenceTime: REFERENCE });
  const made: Observation[] = [];
  for (let index = 0; index < count; index++) {
    const t = MIDNIGHT + 40 + index * PERIOD_MS;
    made.push(...decoder.push(of(index), t));
    if (quiet) made.push(...decoder.quiet(t + 50));
  }
  made.push(...decoder.end(MIDNIGHT + count * PERIOD_MS));
  return made.filter((one): one is Observation & { fields: Sky } => one.kind === 'gnss.sky');
}

describe('a receiver at ten epochs a second that tells its satellites once a second', () => {
  it.each([true, false])('has its satellites in all views that thinning keeps (quiet between epochs: %s)', (quiet) => {
    for (const phase of [0, 1, 4, 9]) {
      const made = skies(600, (index) => epoch(index, { views: index % 10 === phase ? GSV : [] }), quiet);
      const selection = new Selection({ 'gnss.sky': { every: 10_000 } });
      const kept = made.filter((one) => selection.keeps(one));
      expect(made).toHaveLength(60);
      // The second may come early by a quarter of the period, the others keep its beat.
      expect(kept).toHaveLength(7);
      for (const { t, fields } of kept) {
        expect(fields).toMatchObject({ nSat: 7, uSat: 4, pdop: 190, hdop: 100, vdop: 160, time: t - 40 });
        expect(fields.satellites).toBeDefined();
      }
    }
  });

  it('has the latest satellites used, where they were told in an epoch before', () => {
    const [, , third] = skies(31, (index) => {
      const isView = index % 10 === 5;
      return isView ? bytes(...GSV.map((one) => nmea(one))) : epoch(index, { views: [], used: `0${1 + (index % 4)}` });
    });
    const rows = unpackRecords(KINDS['gnss.sky'].fields.satellites, third?.fields.satellites ?? new Uint8Array(0));
    expect(rows?.filter(({ used }) => used === 1).map(({ gnssid, svid }) => [gnssid, svid])).toEqual([
      [0, 1],
      [6, 1],
    ]);
    expect(third?.fields).toMatchObject({ nSat: 7, uSat: 2, pdop: 190 });
  });
});

describe('a receiver that tells no satellites', () => {
  const mute = (index: number): Uint8Array => epoch(index, { views: [] });

  it('has its dilutions alone, once it is clear that no more will come', () => {
    const made = skies(200, mute);
    expect(made).toHaveLength(50);
    expect(made[0]).toMatchObject({ t: MIDNIGHT + 15_040, fields: { uSat: 4, pdop: 190 } });
    expect(made.every(({ fields }) => fields.satellites === undefined)).toBe(true);
  });

  it('any more has them again, and no more when it tells satellites again', () => {
    const made = skies(400, (index) => epoch(index, { views: index < 50 || index >= 300 ? GSV : [] }));
    const alone = made.filter(({ fields }) => fields.satellites === undefined).map(({ t }) => t - MIDNIGHT - 40);
    expect(alone).toEqual(Array.from({ length: 101 }, (_, i) => 19_900 + i * PERIOD_MS));
  });
});

describe('a view of several constellations', () => {
  it.each<[string, readonly string[]]>([
    ['the first sentence of a group', GSV.slice(1)],
    ['the last of a group', GSV.filter((_, i) => i !== 1)],
  ])('that has lost %s is no view, and the next is whole', (_what, views) => {
    const stream = bytes(epoch(0), epoch(10, { views }), epoch(20), epoch(30));
    expect(readings(stream, 'gnss.sky').map(({ time, nSat }) => [time, nSat])).toEqual([
      ['2026-01-15T09:00:00.000Z', 7],
      ['2026-01-15T09:00:02.000Z', 7],
      ['2026-01-15T09:00:03.000Z', 7],
    ]);
  });

  it('that broke off at the end of an epoch is no view, and nothing of it is in the next', () => {
    const other = ['GPGSV,1,1,01,09,60,010,40,1', 'GLGSV,1,1,01,70,20,060,30,1'];
    const stream = bytes(epoch(0, { views: GSV.slice(0, 1) }), epoch(10, { views: other }));
    expect(readings(stream, 'gnss.sky')).toMatchObject([{ nSat: 2, satellites: [{ svid: 9 }, { svid: 6 }] }]);
  });
});
