import { describe, expect, it } from 'vitest';
import { Pulse, Watch, type WatchedRoom } from '../../daemon/gateway/watch.ts';
import { keptLog } from '../support/kept-log.ts';

const room = (name: string, still: () => number | undefined): WatchedRoom => ({
  room: name,
  stillMs: still,
  patienceMs: 100,
});

describe('the watch over the rooms', () => {
  it.each<[string, number | undefined, string[]]>([
    ['gets on', 100, []],
    ['has nothing to do', undefined, []],
    ['hangs', 101, ['port gnss']],
  ])('finds that one %s', (_what, still, expected) => {
    const watch = new Watch(() => [room('sealing', () => 0), room('port gnss', () => still)], keptLog());
    expect(watch.hanging()).toEqual(expected);
  });

  it('tells once that a room hangs, and once that it gets on again', () => {
    const log = keptLog();
    let still = 500;
    const watch = new Watch(() => [room('uplink', () => still)], log);
    for (let asked = 0; asked < 5; asked += 1) watch.hanging();
    still = 0;
    for (let asked = 0; asked < 5; asked += 1) watch.hanging();
    expect(log.lines.map(({ level, phrase, fields }) => [level, phrase, fields])).toEqual([
      ['error', 'a room hangs; the watchdog is not fed', { hangs: 'uplink', seconds: 1 }],
      ['info', 'the room gets on again', { hung: 'uplink' }],
    ]);
  });
});

it('a pulse tells for how long what shows progress has been the same', () => {
  let now = 1_000;
  const pulse = new Pulse(() => now);
  expect(pulse.stillMs('a')).toBe(0);
  now += 50;
  expect(pulse.stillMs('a')).toBe(50);
  expect(pulse.stillMs('b')).toBe(0);
  now += 7;
  expect(pulse.stillMs('b')).toBe(7);
});
