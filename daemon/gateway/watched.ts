import type { DaemonConfig } from '../config/index.ts';
import type { Ground } from './ground.ts';
import type { Inputs } from './inputs.ts';
import type { Link } from './link.ts';
import { Pulse, type WatchedRoom } from './watch.ts';

/** A port that can't be had is tried again after half a minute; to open and to close it take their time. */
const PORT_PATIENCE_MS = 60_000;
/** A clip of gigabytes on a slow card takes minutes to hash. */
const CAMERA_PATIENCE_MS = 900_000;
/** A card may take seconds for one write, and a dying one minutes. */
const JOURNAL_PATIENCE_MS = 120_000;
/** A proof without a receipt is published again after ten minutes at most. */
const UPLINK_PATIENCE_MS = 900_000;
/** Where systemd watches not at all, somebody may still ask. */
const DEFAULT_GRACE_MS = 60_000;

/** What the watchdog looks at, room by room. */
export class WatchedRooms {
  readonly #graceMs: number;
  readonly #now: () => number;
  readonly #delivered: Pulse;
  readonly #attempted: Pulse;

  /**
   * @param graceMs what a room gets beyond the time that its work takes: the watchdog's period
   * @param now milliseconds that never go back
   */
  constructor(graceMs = DEFAULT_GRACE_MS, now: () => number = () => performance.now()) {
    this.#graceMs = graceMs;
    this.#now = now;
    this.#delivered = new Pulse(now);
    this.#attempted = new Pulse(now);
  }

  *of(config: DaemonConfig, ground: Ground, inputs: Inputs, link: Link): Iterable<WatchedRoom> {
    for (const { source, turnedAt } of inputs.ports) yield this.#loop(`port ${source}`, turnedAt, PORT_PATIENCE_MS);
    for (const { source, turnedAt } of inputs.cameras) {
      yield this.#loop(`camera ${source}`, turnedAt, CAMERA_PATIENCE_MS);
    }
    const { sealer } = ground;
    yield {
      room: 'sealing',
      stillMs: () => (sealer.makesProgress(config.signer.timeout + this.#graceMs) ? undefined : Infinity),
      patienceMs: 0,
    };
    yield this.#loop('journal', ground.journal.turnedAt, config.journal.interval + JOURNAL_PATIENCE_MS);
    yield { room: 'uplink', stillMs: () => this.#undelivered(ground, link), patienceMs: UPLINK_PATIENCE_MS };
    const { reconnect, connectTimeout } = config.mqtt;
    yield {
      room: 'broker',
      stillMs: () => this.#unattempted(link),
      patienceMs: reconnect.max + connectTimeout + this.#graceMs,
    };
  }

  #loop(room: string, turnedAt: number | undefined, patienceMs: number): WatchedRoom {
    const stillMs = (): number | undefined => (turnedAt === undefined ? undefined : this.#now() - turnedAt);
    return { room, stillMs, patienceMs: patienceMs + this.#graceMs };
  }

  /** While there is a connection and something to deliver, proofs go out or come to be answered. */
  #undelivered({ outbox }: Ground, { connection, uplink }: Link): number | undefined {
    const { receipts, badAnswers, ...counts } = uplink.stats;
    const isBusy = connection.connected && outbox.size > 0;
    const still = this.#delivered.stillMs(JSON.stringify([isBusy, counts, receipts, badAnswers]));
    return isBusy ? still : undefined;
  }

  /** While there is none, it is tried for. */
  #unattempted({ connection }: Link): number | undefined {
    const { connects, failures } = connection.stats;
    const still = this.#attempted.stillMs(JSON.stringify([connection.connected, connects, failures]));
    return connection.connected ? undefined : still;
  }
}
