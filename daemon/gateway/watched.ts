import type { DaemonConfig } from '../config/index.ts';
import { Pulse, type WatchedRoom } from './watch.ts';

/** A port that can't be had is tried again after half a minute; to open and to close it take their time. */
const PORT_PATIENCE_MS = 60_000;
/** A clip of gigabytes on a slow card takes minutes to hash. */
const CAMERA_PATIENCE_MS = 900_000;
/** A proof without a receipt is published again after ten minutes at most. */
const UPLINK_PATIENCE_MS = 900_000;
/** A worn card may take that long for what other writers have left it to do. */
const JOURNAL_PATIENCE_MS = 30_000;
/** Where systemd watches not at all, somebody may still ask. */
const DEFAULT_GRACE_MS = 60_000;

/** A loop that tells when it last turned, by performance.now(); undefined where it doesn't run. */
interface Loop {
  readonly turnedAt: number | undefined;
}

interface Source extends Loop {
  readonly source: string;
}

/** What is looked at of each room. */
export interface RoomsToWatch {
  readonly ports: Iterable<Source>;
  readonly cameras: Iterable<Source>;
  readonly journal: Loop;
  readonly sealer: { makesProgress(ms: number): boolean };
  readonly outbox: { readonly size: number };
  readonly uplink: { readonly stats: object };
  readonly connection: {
    readonly connected: boolean;
    readonly stats: { readonly connects: number; readonly failures: number };
  };
}

type Patience = Pick<DaemonConfig['mqtt'], 'reconnect' | 'connectTimeout'> & {
  /** Of the token, in milliseconds. */
  readonly timeout: number;
  /** Of the journal, in milliseconds. */
  readonly interval: number;
};

/** Looks at the rooms for the watchdog: what each has to do, and since when it has not got on with it. */
export class WatchedRooms {
  readonly #graceMs: number;
  readonly #now: () => number;
  readonly #delivered: Pulse;
  readonly #attempted: Pulse;

  /**
   * @param graceMs what a room gets beyond the time that its work takes: the watchdog's period
   * @param now milliseconds that never go back, as performance.now() tells them
   */
  constructor(graceMs = DEFAULT_GRACE_MS, now: () => number = () => performance.now()) {
    this.#graceMs = graceMs;
    this.#now = now;
    this.#delivered = new Pulse(now);
    this.#attempted = new Pulse(now);
  }

  *of(rooms: RoomsToWatch, { timeout, interval, reconnect, connectTimeout }: Patience): Iterable<WatchedRoom> {
    for (const port of rooms.ports) yield this.#loop(`port ${port.source}`, port, PORT_PATIENCE_MS);
    for (const camera of rooms.cameras) yield this.#loop(`camera ${camera.source}`, camera, CAMERA_PATIENCE_MS);
    yield this.#loop('journal', rooms.journal, interval + JOURNAL_PATIENCE_MS);
    const seals = rooms.sealer.makesProgress(timeout + this.#graceMs);
    yield { room: 'sealing', stillMs: () => (seals ? undefined : Number.POSITIVE_INFINITY), patienceMs: 0 };
    yield { room: 'uplink', stillMs: () => this.#undelivered(rooms), patienceMs: UPLINK_PATIENCE_MS };
    const patienceMs = reconnect.max + connectTimeout + this.#graceMs;
    yield { room: 'broker', stillMs: () => this.#unattempted(rooms), patienceMs };
  }

  #loop(room: string, { turnedAt }: Loop, patienceMs: number): WatchedRoom {
    const stillMs = (): number | undefined => (turnedAt === undefined ? undefined : this.#now() - turnedAt);
    return { room, stillMs, patienceMs: patienceMs + this.#graceMs };
  }

  /** While there is a connection and something to deliver, proofs go out or come to be answered. */
  #undelivered({ outbox, connection, uplink }: RoomsToWatch): number | undefined {
    const isBusy = connection.connected && outbox.size > 0;
    const still = this.#delivered.stillMs(JSON.stringify([isBusy, uplink.stats]));
    return isBusy ? still : undefined;
  }

  /** While there is none, it is tried for. */
  #unattempted({ connection: { connected, stats } }: RoomsToWatch): number | undefined {
    const still = this.#attempted.stillMs(JSON.stringify([connected, stats.connects, stats.failures]));
    return connected ? undefined : still;
  }
}
