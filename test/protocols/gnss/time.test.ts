import { describe, expect, it } from 'vitest';
import { leapSecondsAt, midnight, ReceiverClock, WEEK_MS } from '../../../daemon/protocols/gnss/time.ts';

const at = (iso: string): number => Date.parse(iso);

describe('the clock of a receiver', () => {
  const years: readonly [reference: string, twoDigits: number, year: number][] = [
    ['2026-01-15', 26, 2026],
    ['2026-01-15', 99, 1999],
    ['2026-01-15', 75, 2075],
    ['2026-01-15', 80, 1980],
    ['1999-12-31', 0, 2000],
    ['2099-12-31', 1, 2101],
    ['2004-06-01', 98, 1998],
  ];
  it.each(years)('by %s, year %i is %i', (reference, twoDigits, year) => {
    expect(new ReceiverClock(at(reference)).fullYear(twoDigits)).toBe(year);
  });

  const dates: readonly [reference: string, told: string, meant: string][] = [
    ['2026-01-15', '2026-01-15', '2026-01-15'],
    ['2026-01-15', '2006-06-01', '2026-01-15'],
    ['2026-01-15', '1986-10-16', '2026-01-15'],
    ['2026-01-15', '2017-01-01', '2017-01-01'],
    ['2019-04-07', '1999-08-22', '2019-04-07'],
    ['2006-05-20', '2026-01-15', '2026-01-15'],
  ];
  it.each(dates)('by %s, a receiver that says %s means %s', (reference, told, meant) => {
    const clock = new ReceiverClock(at(reference));
    clock.setDate(at(told), 0);
    expect(new Date(clock.fromTimeOfDay(0)).toISOString().slice(0, 10)).toBe(meant);
  });

  const weeks: readonly [reference: string, week: number, meant: string][] = [
    ['2026-01-15', 2401, '2026-01-10T23:59:42.000Z'],
    ['2026-01-15', 2401 - 1024, '2026-01-10T23:59:42.000Z'],
    ['2026-01-15', 2401 - 2048, '2026-01-10T23:59:42.000Z'],
    ['2009-01-28', 1516, '2009-01-24T23:59:45.000Z'],
  ];
  it.each(weeks)('by %s, GPS week %i begins %s', (reference, week, meant) => {
    const clock = new ReceiverClock(at(reference));
    clock.setGpsWeek(week, 0);
    expect(new Date(clock.fromTimeOfWeek(0)).toISOString()).toBe(meant);
  });

  it('believes the receiver about leap seconds', () => {
    const clock = new ReceiverClock(at('2026-01-15'));
    clock.setLeapSeconds(19);
    clock.setGpsWeek(2401, 0);
    expect(new Date(clock.fromTimeOfWeek(0)).toISOString()).toBe('2026-01-10T23:59:41.000Z');
  });

  it('counts on when the time of week begins again', () => {
    const clock = new ReceiverClock(at('2026-01-15'));
    clock.setGpsWeek(2401, WEEK_MS - 1000);
    expect(clock.fromTimeOfWeek(0) - clock.fromTimeOfWeek(0)).toBe(0);
    expect(new Date(clock.fromTimeOfWeek(0)).toISOString()).toBe('2026-01-17T23:59:42.000Z');
  });

  it('keeps the date for a sentence that comes late across midnight', () => {
    const clock = new ReceiverClock(at('2026-01-15'));
    clock.setDate(at('2026-01-16'), 0);
    expect(new Date(clock.fromTimeOfDay(86_399_000)).toISOString()).toBe('2026-01-15T23:59:59.000Z');
    expect(new Date(clock.fromTimeOfDay(1000)).toISOString()).toBe('2026-01-16T00:00:01.000Z');
  });

  it('knows no time before it is told a date', () => {
    expect(new ReceiverClock(at('2026-01-15')).fromTimeOfDay(0)).toBeNaN();
    expect(new ReceiverClock(at('2026-01-15')).fromTimeOfWeek(0)).toBeNaN();
  });

  it('takes no date that the calendar does not have', () => {
    expect(midnight(2026, 2, 29)).toBeNaN();
    expect(midnight(2024, 2, 29)).toBe(at('2024-02-29'));
    expect(midnight(2026, 13, 1)).toBeNaN();
    expect(midnight(Number.NaN, 1, 1)).toBeNaN();
  });

  const leaps: readonly [gps: string, seconds: number][] = [
    ['1980-01-06', 0],
    ['2008-12-31T23:59:59', 14],
    ['2009-01-01T00:00:15', 15],
    ['2017-01-01T00:00:17', 18],
    ['2026-01-01', 18],
  ];
  it.each(leaps)('at %s GPS time is %i seconds ahead', (gps, seconds) => {
    expect(leapSecondsAt(at(`${gps.length === 10 ? `${gps}T00:00:00` : gps}Z`))).toBe(seconds);
  });
});
