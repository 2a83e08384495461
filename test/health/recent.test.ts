import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recent } from '../../daemon/health/index.ts';
import { Rate } from '../../daemon/health/rate.ts';
import { Trail } from '../../daemon/health/trail.ts';
import type { Receipt } from '../../daemon/proof/index.ts';
import { KINDS, packRecords, type Reading } from '../../daemon/readings/index.ts';

const HOUR = 3_600_000;
const STEP = 1_000;

describe('Rate', () => {
  it('counts as somebody would who kept every event', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        gaps,
        fc.integer({ min: 0, max: 20_000 }),
        (start, between, rest) => {
          const rate = new Rate(STEP, 8, start);
          const events: number[] = [];
          let now = start;
          for (const gap of between) {
            now += gap;
            rate.count(now);
            events.push(now);
          }
          now += rest;
          const step = Math.floor(now / STEP);
          const first = Math.max(Math.floor(start / STEP) + 1, step - 8);
          const expected = Array.from({ length: Math.max(0, step - first) }, (_, index) =>
            events.reduce((count, t) => count + (Math.floor(t / STEP) === first + index ? 1 : 0), 0),
          );
          expect(rate.history(now)).toEqual(expected);
        },
      ),
    );
  });

  it('says nothing of the step in which it began, as that was not whole', () => {
    const rate = new Rate(STEP, 4, 500);
    rate.count(600);
    expect(rate.history(1_000)).toEqual([]);
  });
});

/** 0.0001 degrees are some 11 metres. */
const FAR = 1_000;

describe('Trail', () => {
  it('keeps a point every five seconds of a drive, for an hour', () => {
    const trail = new Trail();
    for (let t = 0; t <= 2 * HOUR; t += 100) trail.add(t, t, t);
    const points = trail.points(2 * HOUR);
    expect(points.length).toBeGreaterThan(700);
    expect(points.length).toBeLessThanOrEqual(720);
    expect(points[0]?.t).toBeGreaterThanOrEqual(HOUR);
    expect(points.at(-1)).toEqual({ t: 2 * HOUR, lat: (2 * HOUR) / 1e7, lon: (2 * HOUR) / 1e7, gap: false });
  });

  it('keeps a point a minute of what stands still', () => {
    const trail = new Trail();
    for (let t = 0; t < HOUR; t += 1_000) trail.add(t, t % 400, 0);
    expect(trail.points(HOUR)).toHaveLength(60);
  });

  it('tells where the way between two points is not known', () => {
    const trail = new Trail();
    for (const t of [0, 5_000, 300_000]) trail.add(t, t, FAR);
    expect(trail.points(300_000).map(({ gap }) => gap)).toEqual([false, false, true]);
  });

  it('forgets what is an hour old, and begins anew where the clock goes back', () => {
    const trail = new Trail();
    trail.add(1_000, 0, 0);
    trail.add(6_000, FAR, 0);
    expect(trail.points(HOUR + 5_000)).toHaveLength(1);
    trail.add(500, 0, 0);
    expect(trail.points(500).map(({ t }) => t)).toEqual([500]);
  });

  it('moves with the clock that was wrong', () => {
    const trail = new Trail();
    trail.add(1_000, 0, 0);
    trail.shift(HOUR);
    expect(trail.points(HOUR).map(({ t }) => t)).toEqual([HOUR + 1_000]);
  });
});

function recentAt(time: { now: number }) {
  return new Recent({ now: () => time.now, monotonicNow: () => time.now });
}

const fix = (t: number, fields: Partial<Extract<Reading, { kind: 'gnss.fix' }>['fields']>): Reading => ({
  kind: 'gnss.fix',
  source: 'gnss',
  t,
  fields: { mode: 3, lat: 473_769_000, lon: 85_417_000, ...fields },
});

const receipt = (seq: number, reasons: Receipt['reasons'] = []): Receipt => ({
  kid: new Uint8Array(32),
  epoch: new Uint8Array(16),
  seq,
  digest: new Uint8Array(32),
  verdict: reasons.length === 0 ? 'accepted' : 'flagged',
  received: 0,
  reasons,
  nonce: new Uint8Array(16),
  nonceExpiry: 0,
});

describe('Recent', () => {
  it('shows the last fix in the units of the JSON view, and a way only of fixes that have a place', () => {
    const time = { now: 10_000 };
    const recent = recentAt(time);
    recent.take(fix(9_000, { eph: 1_240, uSat: 9 }));
    recent.take(fix(10_000, { mode: 1, lat: 0, lon: 0 }));
    const { fixes, track } = recent.status();
    expect(fixes).toMatchObject([{ source: 'gnss', t: 10_000, mode: 'none' }]);
    expect(track).toEqual([{ source: 'gnss', points: [{ t: 9_000, lat: 47.3769, lon: 8.5417, gap: false }] }]);
  });

  it('shows a satellite once, though each of its signals is a row', () => {
    const recent = recentAt({ now: 0 });
    const row = { gnssid: 2, svid: 7, sigid: 1, el: 40, az: 120 };
    const satellites = packRecords(KINDS['gnss.sky'].fields.satellites, [
      { ...row, ss: 31, used: 0 },
      { ...row, sigid: 6, ss: 42, used: 1 },
    ]);
    recent.take({ kind: 'gnss.sky', source: 'gnss', t: 0, fields: { hdop: 85, satellites } });
    const seen = { gnssid: 2, svid: 7, elevation: 40, azimuth: 120, ss: 42, used: true };
    expect(recent.status().sky).toEqual([{ source: 'gnss', t: 0, hdop: 0.85, satellites: [seen] }]);
  });

  it('keeps the satellites that it knows where a reading tells of the dilution alone', () => {
    const recent = recentAt({ now: 0 });
    const satellites = packRecords(KINDS['gnss.sky'].fields.satellites, [{ svid: 1, used: 1 }]);
    recent.take({ kind: 'gnss.sky', source: 'gnss', t: 0, fields: { satellites } });
    recent.take({ kind: 'gnss.sky', source: 'gnss', t: 0, fields: { hdop: 120 } });
    expect(recent.status().sky).toMatchObject([{ hdop: 1.2, satellites: [{ svid: 1, used: true }] }]);
  });

  it('forgets a sky of five minutes ago', () => {
    const time = { now: 0 };
    const recent = recentAt(time);
    recent.take({ kind: 'gnss.sky', source: 'gnss', t: 0, fields: { satellites: new Uint8Array(0) } });
    expect(recent.status().sky).toHaveLength(1);
    time.now = 5 * 60_000 + 1;
    expect(recent.status().sky).toEqual([]);
  });

  it('counts readings a second, in all and by source', () => {
    const time = { now: 0 };
    const recent = recentAt(time);
    for (time.now = 0; time.now < 15_000; time.now += 100) recent.take(fix(time.now, {}));
    const { rate } = recent.status();
    expect(rate).toEqual({ stepMs: 5_000, history: [10, 10], bySource: { gnss: 10 } });
  });

  it('keeps twenty receipts, newest first, and counts all their reasons', () => {
    const recent = recentAt({ now: 0 });
    for (let seq = 0; seq < 30; seq++) recent.receipt(receipt(seq, seq % 10 === 0 ? ['restart'] : []));
    const { receipts, receiptReasons } = recent.status();
    expect(receipts.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => 29 - index));
    expect(receiptReasons).toEqual({ restart: 3 });
  });

  it('dates back what it remembers when the clock turns out to be wrong', () => {
    const time = { now: 1_000 };
    const recent = recentAt(time);
    recent.take(fix(1_000, {}));
    time.now += HOUR;
    recent.dateBack(HOUR);
    const { fixes, track } = recent.status();
    expect([fixes[0]?.t, track[0]?.points[0]?.t]).toEqual([HOUR + 1_000, HOUR + 1_000]);
  });
});
