import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRanges,
  fieldsToJson,
  KIND_NAMES,
  KINDS,
  kindSpec,
  packRecords,
  type RecordRow,
  type RecordsField,
  readingToJson,
  recordWidth,
  unpackRecords,
} from '../../daemon/readings/index.ts';

const SATELLITES = KINDS['gnss.sky'].fields.satellites;
const fix = (fields: object) => checkRanges('gnss.fix', { mode: 3, ...fields });
const tables: [string, RecordsField][] = KIND_NAMES.flatMap((kind) =>
  Object.entries(kindSpec(kind).fields).flatMap(([name, field]): [string, RecordsField][] =>
    field.type === 'records' ? [[`${kind} ${name}`, field]] : [],
  ),
);

/** A row whose cells are within their bounds, or not known where that can be said. */
const rowOf = (table: RecordsField): fc.Arbitrary<RecordRow> =>
  fc.record(
    Object.fromEntries(
      Object.entries(table.columns).map(([name, { min, max, none }]) => {
        const known = fc.integer({ min, max });
        return [name, none === undefined ? known : fc.option(known, { nil: undefined })];
      }),
    ),
  );

describe('a range check', () => {
  it.each<[string, object, { field: string; fault: string }[]]>([
    ['nothing of a good reading', { lat: 900_000_000, lon: -1_800_000_000 }, []],
    ['a value above', { lat: 900_000_001 }, [{ field: 'lat', fault: 'outside -900000000 to 900000000' }]],
    ['a value below', { speed: -1 }, [{ field: 'speed', fault: 'outside 0 to 100000000' }]],
    ['a fraction', { lat: 0.5 }, [{ field: 'lat', fault: 'not an integer' }]],
    ['not a number', { lat: Number.NaN }, [{ field: 'lat', fault: 'not an integer' }]],
    ['an integer past 2^53', { lat: 2 ** 53 }, [{ field: 'lat', fault: 'not an integer' }]],
    ['a text for a number', { lat: '1' }, [{ field: 'lat', fault: 'not an integer' }]],
    ['a field that the kind has not', { altitude: 1 }, [{ field: 'altitude', fault: 'unknown field' }]],
    ['a name that every object has', { constructor: 1 }, [{ field: 'constructor', fault: 'unknown field' }]],
    ['nothing of a field that is undefined', { lat: undefined }, []],
    [
      'every fault',
      { lat: 1e10, lon: 1e10 },
      [
        { field: 'lat', fault: expect.any(String) },
        { field: 'lon', fault: expect.any(String) },
      ],
    ],
  ])('reports %s', (_, fields, faults) => {
    expect(fix(fields)).toEqual(faults);
  });

  it('reports a field that every reading of the kind has', () => {
    expect(checkRanges('gnss.fix', {})).toEqual([{ field: 'mode', fault: 'missing' }]);
    expect(checkRanges('gnss.sky', {})).toEqual([]);
  });

  it('looks into the rows of a table', () => {
    const sky = (satellites: unknown) => checkRanges('gnss.sky', { satellites } as never).map(({ fault }) => fault);
    const row = { svid: 5, el: 45, used: 1 };
    expect(sky(packRecords(SATELLITES, [row]))).toEqual([]);
    expect(sky(packRecords(SATELLITES, [row, { ...row, el: 91 }]))).toEqual(['el outside -90 to 90']);
    expect(sky(packRecords(SATELLITES, [row]).subarray(1))).toEqual(['not a whole number of rows, or too many']);
    expect(sky(new Uint8Array(recordWidth(SATELLITES) * (SATELLITES.max + 1)))).toEqual([
      'not a whole number of rows, or too many',
    ]);
    expect(sky('text')).toEqual(['not a byte string']);
  });
});

describe('the JSON view', () => {
  it('has the units of the table: degrees, metres, ISO 8601', () => {
    const t = Date.UTC(2026, 4, 4, 10);
    const fields = { mode: 3, time: t, lat: 525_163_001, lon: -133_777, altMSL: 35_125, speed: 0 } as const;
    expect(readingToJson({ kind: 'gnss.fix', source: 'roof', t, fields }, t)).toEqual({
      ...{ kind: 'gnss.fix', source: 'roof', t: '2026-05-04T10:00:00.000Z', time: '2026-05-04T10:00:00.000Z' },
      ...{ mode: 3, lat: 52.5163001, lon: -0.0133777, altMSL: 35.125, speed: 0 },
    });
    expect(readingToJson({ kind: 'gnss.fix', t, fields: { mode: 1 } })).toEqual({ kind: 'gnss.fix', mode: 1 });
  });

  it('says true and false of flags, and shows a table as objects without what is not known', () => {
    expect(fieldsToJson('host.health', { uptime: 1, underVoltage: 0, throttled: 1 })).toEqual({
      uptime: 1,
      underVoltage: false,
      throttled: true,
    });
    const satellites = packRecords(SATELLITES, [{ gnssid: 0, svid: 5, el: -3, used: 1 }]);
    expect(fieldsToJson('gnss.sky', { satellites })).toEqual({
      satellites: [{ gnssid: 0, svid: 5, el: -3, used: true }],
    });
  });

  it('shows a table that cannot be unpacked as hex', () => {
    expect(fieldsToJson('gnss.sky', { satellites: Uint8Array.of(1, 255) })).toEqual({ satellites: '01ff' });
  });

  it('gives back every integer of a scaled field, exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }), (lon) => {
        const view = fieldsToJson('gnss.fix', { mode: 3, lon });
        expect(Math.round(Number(view['lon']) * 1e7)).toBe(lon);
      }),
    );
  });
});

describe.each(tables)('rows of %s', (_, table) => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(rowOf(table), { maxLength: 40 }), (rows) => {
        const packed = packRecords(table, rows);
        expect(packed.length).toBe(rows.length * recordWidth(table));
        expect(unpackRecords(table, packed)).toEqual(rows);
      }),
    );
  });

  it('pack again to any bytes that they were unpacked from', () => {
    const width = recordWidth(table);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: width * 20 }), (bytes) => {
        const rows = unpackRecords(table, bytes);
        expect(rows === undefined).toBe(bytes.length % width !== 0);
        if (rows !== undefined) expect(packRecords(table, rows)).toEqual(bytes);
      }),
    );
  });

  it('are no more than the table has room for', () => {
    const rows = Array.from({ length: table.max + 3 }, () => ({}));
    const packed = packRecords(table, rows);
    expect(packed.length).toBe(table.max * recordWidth(table));
    expect(unpackRecords(table, new Uint8Array(packed.length + recordWidth(table)))).toBeUndefined();
    expect(unpackRecords(table, packed)).toHaveLength(table.max);
  });

  it('may lie anywhere in a larger buffer', () => {
    const rows = fc.sample(rowOf(table), { numRuns: 3, seed: 1 });
    const packed = packRecords(table, rows);
    const larger = new Uint8Array(packed.length + 13);
    larger.set(packed, 7);
    expect(unpackRecords(table, larger.subarray(7, 7 + packed.length))).toEqual(rows);
  });
});
