import { describe, expect, it } from 'vitest';
import { Watch } from '../../daemon/gateway/watch.ts';
import { type RoomsToWatch, WatchedRooms } from '../../daemon/gateway/watched.ts';
import { keptLog } from '../support/kept-log.ts';

const MINUTE = 60_000;
const PATIENCE = { timeout: 1_000, interval: 1_000, reconnect: { min: 1_000, max: MINUTE }, connectTimeout: 10_000 };

/** Rooms that all get on, by a clock that the test turns, and the watch over them with a period of one minute. */
function watching() {
  let now = 0;
  /** What turns each minute that passes, unless it hangs. */
  const hung = new Set<string>();
  const port = { source: 'gnss', turnedAt: 0 as number | undefined };
  const camera = { source: 'dashcam', turnedAt: 0 as number | undefined };
  const journal = { turnedAt: 0 as number | undefined };
  const stats = { published: 0, receipts: { accepted: 0 } };
  const connection = { connected: true, stats: { connects: 1, failures: 0 } };
  const outbox = { size: 5 };
  const sealer = { makesProgress: (ms: number) => !hung.has('sealing') || ms < PATIENCE.timeout + MINUTE };
  const rooms: RoomsToWatch = {
    ports: [port],
    cameras: [camera],
    journal,
    sealer,
    outbox,
    uplink: { stats },
    connection,
  };
  const watched = new WatchedRooms(MINUTE, () => now);
  const watch = new Watch(() => watched.of(rooms, PATIENCE), keptLog());
  const turn = (room: string, how: () => void): void => {
    if (!hung.has(room)) how();
  };
  return {
    hung,
    connection,
    outbox,
    port,
    /** Lets so many minutes pass, and gives what hangs then. */
    after(minutes: number): readonly string[] {
      for (let minute = 0; minute < minutes; minute += 1) {
        now += MINUTE;
        turn('port gnss', () => (port.turnedAt = now));
        turn('camera dashcam', () => (camera.turnedAt = now));
        turn('journal', () => (journal.turnedAt = now));
        turn('uplink', () => (stats.published += 1));
        turn('broker', () => (connection.stats.failures += connection.connected ? 0 : 1));
        watch.hanging();
      }
      return watch.hanging();
    },
  };
}

describe('the rooms that the watchdog looks at', () => {
  it('feed it for as long as all of them get on, connected or not', () => {
    const site = watching();
    expect(site.after(60)).toEqual([]);
    site.connection.connected = false;
    expect(site.after(60)).toEqual([]);
  });

  it.each([
    ['port gnss', 3],
    ['camera dashcam', 17],
    ['journal', 2],
    ['sealing', 1],
    ['uplink', 17],
    ['broker', 3],
  ])('do not when %s hangs, within %i minutes', (room, minutes) => {
    const site = watching();
    if (room === 'broker') site.connection.connected = false;
    site.after(1);
    site.hung.add(room);
    expect(site.after(minutes)).toEqual([room]);
    site.hung.clear();
    expect(site.after(1)).toEqual([]);
  });

  it.each<[string, (site: ReturnType<typeof watching>) => void]>([
    [
      'an uplink with nothing to deliver',
      ({ outbox, hung }) => {
        outbox.size = 0;
        hung.add('uplink');
      },
    ],
    [
      'an uplink whose broker is away',
      ({ connection, hung }) => {
        connection.connected = false;
        hung.add('uplink');
      },
    ],
    [
      'a port that was played to its end',
      ({ port, hung }) => {
        hung.add('port gnss');
        port.turnedAt = undefined;
      },
    ],
  ])('feed it with %s', (_what, change) => {
    const site = watching();
    change(site);
    expect(site.after(60)).toEqual([]);
  });
});
