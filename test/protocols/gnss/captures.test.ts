import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../daemon/readings/index.ts';
import { readingToJson } from '../../../daemon/readings/index.ts';
import { randomBytes } from './corpora.ts';
import { decode } from './decode.ts';
import { bytes, nmea } from './encode.ts';
import { corrections, drive, nmeaEpoch, type Step, ubxEpoch } from './tracks.ts';

/** Captures of our own, encoded from a drive that is known. UPDATE_CAPTURES=1 writes them anew. */
const folder = new URL('../../captures/gnss/', import.meta.url);
const update = process.env['UPDATE_CAPTURES'] === '1';

const search = nmea('GNRMC,,V,,,,,,,,,,N,V');
const midnight = drive(Date.parse('2026-01-15T23:59:55.000Z'), 12, 1_000);
const fast = drive(Date.parse('2026-03-01T10:00:00.000Z'), 50, 100);
const dashcam = drive(Date.parse('2026-01-20T07:30:00.000Z'), 15, 1_000);
const base = drive(Date.parse('2026-01-16T23:59:50.000Z'), 20, 1_000);
const mixed = drive(Date.parse('2026-06-30T12:00:00.000Z'), 20, 1_000);

const captures: readonly [name: string, steps: readonly Step[], encode: () => Uint8Array][] = [
  ['nmea-multi-band-midnight', midnight, () => bytes(search, search, ...midnight.map(nmeaEpoch))],
  ['ubx-pvt-10hz', fast, () => bytes(...fast.map((step, index) => ubxEpoch(step, index % 10 === 0)))],
  ['dashcam-gsensor', dashcam, () => bytes(...dashcam.map((step, index) => bytes(nmeaEpoch(step), ...shakes(index))))],
  ['rtcm3-base-station', [], () => bytes(...base.map(corrections))],
  [
    'mixed-nmea-ubx-rtcm3-garbage',
    mixed,
    () =>
      bytes(
        randomBytes(40, 5),
        ...mixed.map((step, index) => {
          const epoch = bytes(nmeaEpoch(step), ubxEpoch(step, true), corrections(step));
          // Every fourth epoch begins with a frame that was cut, and every fifth has a line of boot messages within.
          const cut = index % 4 === 3 ? ubxEpoch(step, false).subarray(0, 61) : [];
          return index % 5 === 4 ? bytes(cut, epoch, '\r\nu-blox AG\r\n', [0xb5, 0x62, 0x01]) : bytes(cut, epoch);
        }),
      ),
  ],
];

/** Five lines of a camera's accelerometer after each second's sentences. */
const shakes = (second: number): string[] =>
  Array.from({ length: 5 }, (_, index) => {
    const shake = ((second * 5 + index) % 7) - 3;
    return `$GSENSORD,${(shake * 0.02).toFixed(3)},${(shake * -0.05).toFixed(3)},${(1 + shake * 0.01).toFixed(3)}\r\n`;
  });

const lines = (stream: Uint8Array): string =>
  `${decode(stream)
    .observations.map((observation) => JSON.stringify(readingToJson(observation)))
    .join('\n')}\n`;

describe.each(captures)('the capture %s', (name, steps, encode) => {
  const file = new URL(`${name}.bin`, folder);
  const expectedFile = new URL(`${name}.expected.jsonl`, folder);
  if (update) {
    writeFileSync(file, encode());
    writeFileSync(expectedFile, lines(encode()));
  }
  const stream = readFileSync(file);
  const expected = readFileSync(expectedFile, 'utf8');

  it('is what the encoders make of the drive', () => {
    expect(stream.equals(encode())).toBe(true);
  });

  it('gives back the drive, each place at its time', () => {
    const fixes = expected
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Record<string, JsonValue> => JSON.parse(line))
      .filter(({ kind }) => kind === 'gnss.fix');
    expect(fixes.map(({ time, lat, lon }) => ({ time, lat, lon }))).toEqual(
      steps.map(({ utc, lat, lon }) => ({ time: new Date(utc).toISOString(), lat: lat / 1e7, lon: lon / 1e7 })),
    );
  });

  it('decodes to the readings beside it', () => {
    expect(lines(stream)).toBe(expected);
  });
});
