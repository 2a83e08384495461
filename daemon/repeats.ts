/** So many of a kind are told as they come. */
const FREE = 5;
/** After that one a minute, then one in two, four ... and in the end one an hour. */
const MIN_GAP_MS = 60_000;
const MAX_GAP_MS = 3_600_000;

/** What was left out between two that were told. */
export interface LeftOut {
  readonly repeats: number;
  /** When the last of them came, ms since the Unix epoch. */
  readonly last: number;
}

interface Kind {
  told: number;
  gapMs: number;
  nextAt: number;
  seenAt: number;
  held: { count: number; at: number; tell: (leftOut: LeftOut) => void } | undefined;
}

/**
 * Lets repeats through ever more rarely and counts what it leaves out, so that what comes and goes for hours, such as a loose plug,
 * takes a dozen lines an hour at most. What was left out last is told when its time has come, so that the end of the story is.
 * A kind that was not seen for an hour is new again.
 */
export class Repeats {
  readonly #now: () => number;
  readonly #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | undefined;

  /** @param now ms since the Unix epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Tells now, or later with what was left out, or leaves it to the next one of its kind to say so. */
  pass(kind: string, tell: (leftOut: LeftOut | undefined) => void): void {
    const now = this.#now();
    let known = this.#kinds.get(kind);
    // A clock that was set back must not silence anybody.
    if (known === undefined || now - known.seenAt >= MAX_GAP_MS || now < known.seenAt) {
      this.#flush(known);
      known = { told: 0, gapMs: MIN_GAP_MS, nextAt: 0, seenAt: now, held: undefined };
      this.#kinds.set(kind, known);
    }
    known.seenAt = now;
    if (known.told >= FREE && now < known.nextAt) {
      known.held = { count: (known.held?.count ?? 0) + 1, at: now, tell };
      this.#arm();
      return;
    }
    tell(known.held === undefined ? undefined : { repeats: known.held.count, last: known.held.at });
    known.held = undefined;
    this.#counted(known, now);
  }

  /** Tells what was left out so far: nobody may come to do it later. */
  flush(): void {
    clearTimeout(this.#timer);
    for (const kind of this.#kinds.values()) this.#flush(kind);
  }

  #counted(kind: Kind, now: number): void {
    kind.told += 1;
    if (kind.told < FREE) return;
    kind.nextAt = now + kind.gapMs;
    kind.gapMs = Math.min(kind.gapMs * 2, MAX_GAP_MS);
  }

  #flush(kind: Kind | undefined): void {
    const held = kind?.held;
    if (kind === undefined || held === undefined) return;
    kind.held = undefined;
    // It is one of those that were left out itself.
    held.tell({ repeats: held.count - 1, last: held.at });
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const waiting = [...this.#kinds.values()].filter(({ held }) => held !== undefined);
    if (waiting.length === 0) return;
    const at = waiting.reduce((soonest, { nextAt }) => Math.min(soonest, nextAt), Number.POSITIVE_INFINITY);
    this.#timer = setTimeout(() => this.#tellDue(), Math.max(0, at - this.#now()));
    this.#timer.unref();
  }

  #tellDue(): void {
    const now = this.#now();
    for (const kind of this.#kinds.values()) {
      if (kind.held === undefined || kind.nextAt > now) continue;
      this.#flush(kind);
      this.#counted(kind, now);
    }
    this.#arm();
  }
}
