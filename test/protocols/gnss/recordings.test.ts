import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORPORA, hasCorpus } from './corpora.ts';
import { decode, readings } from './decode.ts';

const TIME_TOLERANCE_MS = 11;
const TOLERANCE = 3e-7;

interface Facts {
  readonly date: string | null;
  readonly coverage: number;
  readonly nmea: number;
  readonly ubx: number;
  readonly rtcm3: number;
}

interface Place {
  readonly time: string;
  readonly lat: number;
  readonly lon: number;
  readonly mode: number;
  readonly class?: string;
}

const has = hasCorpus('gpsd');
const suffix = has ? '' : ' (skipped: the recordings are not here)';
const read = (name: string): string => readFileSync(join(CORPORA, 'gpsd', name), 'utf8');
const index: Readonly<Record<string, Facts>> = has ? JSON.parse(read('index.json')) : {};
const names = Object.keys(index);

const isNear = (a: Place, b: Place): boolean =>
  Math.abs(a.lat - b.lat) <= TOLERANCE && Math.abs(a.lon - b.lon) <= TOLERANCE;
const isMatch = (a: Place, b: Place): boolean =>
  isNear(a, b) && Math.abs(Date.parse(a.time) - Date.parse(b.time)) <= TIME_TOLERANCE_MS;

/** The fixes that gpsd made of a recording, and ours. */
function compare(name: string): { expected: Place[]; fixes: Place[] } {
  const expected = read(`${name}.expected.jsonl`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Place => JSON.parse(line))
    .filter(
      (report) => report.class === 'TPV' && report.mode >= 2 && report.time !== undefined && report.lat !== undefined,
    );
  const date = index[name]?.date;
  const bytes = readFileSync(join(CORPORA, 'gpsd', `${name}.bin`));
  const fixes = readings(bytes, 'gnss.fix', date ? Date.parse(date) : Date.now()) as unknown as Place[];
  return { expected, fixes };
}

describe.skipIf(!has)(`recordings that gpsd decodes${suffix}`, () => {
  it.each(names)('%s has as many frames as an independent scanner finds', (name) => {
    const { stats } = decode(readFileSync(join(CORPORA, 'gpsd', `${name}.bin`)));
    const { nmea, ubx, rtcm3 } = index[name] ?? {};
    expect(stats.frames).toEqual({ nmea, ubx, rtcm3 });
  });

  it.each(names)('%s has the fixes that gpsd finds, but two at most', (name) => {
    const { expected, fixes } = compare(name);
    const missed = expected.filter((report) => !fixes.some((fix) => isMatch(fix, report)));
    expect(missed.length, JSON.stringify(missed[0])).toBeLessThanOrEqual(2);
  });

  it('together, at least 99 % of the fixes are found, and 98 % of those found are right', () => {
    let wanted = 0;
    let found = 0;
    let made = 0;
    let right = 0;
    for (const name of names) {
      if ((index[name]?.coverage ?? 0) < 0.95) continue;
      const { expected, fixes } = compare(name);
      wanted += expected.length;
      found += expected.filter((report) => fixes.some((fix) => isMatch(fix, report))).length;
      made += fixes.length;
      right += fixes.filter((fix) => expected.some((report) => isNear(fix, report))).length;
    }
    expect(wanted).toBeGreaterThan(1_000);
    expect(found / wanted).toBeGreaterThanOrEqual(0.99);
    expect(right / made).toBeGreaterThanOrEqual(0.98);
  });
});

describe.skipIf(!hasCorpus('damaged'))(
  `damaged recordings${hasCorpus('damaged') ? '' : ' (skipped: they are not here)'}`,
  () => {
    const frames: Readonly<Record<string, readonly [nmea: number, ubx: number, rtcm3: number]>> = {
      'BADCK2.bin': [0, 25, 0],
      'BADEOF1.bin': [0, 3, 0],
      'BADEOF2.bin': [0, 2, 0],
      'BADEOF3.bin': [0, 2, 0],
      'BADHDR.bin': [0, 2, 0],
      'BADNMEAEOF.bin': [3, 2, 0],
      'MIXED-RTCM3.bin': [2, 1, 7],
      'MIXED-RTCM3BADCRC.bin': [2, 1, 6],
      'MIXED2.bin': [28, 26, 0],
      'MIXED3.bin': [4, 3, 0],
      'MIXED3BADCK.bin': [3, 1, 0],
      'NMEABADEND.bin': [16, 0, 0],
    };
    const files = hasCorpus('damaged')
      ? readdirSync(join(CORPORA, 'damaged')).filter((name) => name.endsWith('.bin'))
      : [];

    it.each(files)('%s yields every frame that is still whole', (name) => {
      const [nmea, ubx, rtcm3] = frames[name] ?? [];
      expect(decode(readFileSync(join(CORPORA, 'damaged', name))).stats.frames).toEqual({ nmea, ubx, rtcm3 });
    });
  },
);
