import type { DaemonConfig } from '../config/index.ts';
import type { Ground } from './ground.ts';
import type { Inputs } from './inputs.ts';
import type { Link } from './link.ts';
import { Pulse, type WatchedRoom } from './watch.ts';

/** A port tries, waits or ticks at least every half minute. */
const PORT_PATIENCE_MS = 120_000;
/** A clip of gigabytes on a slow card takes minutes to hash. */
const CAMERA_PATIENCE_MS = 900_000;
/** Beyond a batch's age and the token's time: a token that fails is asked again at least as often. */
const SEALER_GRACE_MS = 60_000;
/** A proof without a receipt is published again after ten minutes at most. */
const UPLINK_PATIENCE_MS = 900_000;
/** Beyond the longest wait and the longest attempt. */
const BROKER_GRACE_MS = 60_000;

/** What the watchdog looks at, room by room. */
export class WatchedRooms {
  readonly #now: () => number;
  readonly #delivered: Pulse;
  readonly #attempted: Pulse;

  /** @param now milliseconds that never go back */
  constructor(now: () => number = () => performance.now()) {
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
      stillMs: () => (sealer.makesProgress(config.signer.timeout + SEALER_GRACE_MS) ? undefined : Infinity),
      patienceMs: 0,
    };
    yield { room: 'uplink', stillMs: () => this.#undelivered(ground, link), patienceMs: UPLINK_PATIENCE_MS };
    const { reconnect, connectTimeout } = config.mqtt;
    yield {
      room: 'broker',
      stillMs: () => this.#unattempted(link),
      patienceMs: reconnect.max + connectTimeout + BROKER_GRACE_MS,
    };
  }

  #loop(room: string, turnedAt: number | undefined, patienceMs: number): WatchedRoom {
    return { room, stillMs: () => (turnedAt === undefined ? undefined : this.#now() - turnedAt), patienceMs };
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
