import type { Log } from '../log.ts';

/** A room as the watchdog sees it. */
export interface WatchedRoom {
  readonly room: string;
  /** Milliseconds since it last got on; undefined while it has nothing to get on with, or has said why it can't. */
  readonly stillMs: () => number | undefined;
  /** It hangs when it is still for longer. */
  readonly patienceMs: number;
}

/** Judges whether every room gets on. One that hangs is told once, and that it gets on again. */
export class Watch {
  readonly #rooms: () => Iterable<WatchedRoom>;
  readonly #log: Log;
  readonly #hanging = new Set<string>();

  constructor(rooms: () => Iterable<WatchedRoom>, log: Log) {
    this.#rooms = rooms;
    this.#log = log;
  }

  /** The rooms that hang now. */
  hanging(): readonly string[] {
    const hanging = new Set<string>();
    for (const { room, stillMs, patienceMs } of this.#rooms()) {
      const ms = stillMs() ?? 0;
      if (ms <= patienceMs) continue;
      hanging.add(room);
      if (this.#hanging.has(room)) continue;
      this.#log.error({ hangs: room, seconds: Math.round(ms / 1_000) }, 'a room hangs; the watchdog is not fed');
    }
    for (const room of this.#hanging) {
      if (!hanging.has(room)) this.#log.info({ hung: room }, 'the room gets on again');
    }
    this.#hanging.clear();
    for (const room of hanging) this.#hanging.add(room);
    return [...hanging];
  }
}

/** Since when something that shows progress has been the same. */
export class Pulse {
  readonly #now: () => number;
  #seen: string | undefined;
  #since = 0;

  /** @param now milliseconds that never go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds since `shown` was last another. */
  stillMs(shown: string): number {
    if (shown !== this.#seen) {
      this.#seen = shown;
      this.#since = this.#now();
    }
    return this.#now() - this.#since;
  }
}
