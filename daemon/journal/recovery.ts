import type { ClockState, ProofSource } from '../proof/index.ts';
import type { Frame } from './frame.ts';
import { decodeRun, type Run } from './run.ts';
import type { Slots } from './slots.ts';

/** Readings of one run that lie in the journal and are to be sealed together. */
export interface KeptBatch {
  /** Position of the first and of the last. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** Earliest and latest time, ms since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** The clock when they were read. */
  readonly clock: ClockState;
  readonly sources: readonly ProofSource[];
}

/** Readings that were kept once, or should have been, and cannot be had. */
export interface Gap {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** All readings up to a position were dated anew. */
export interface Step {
  readonly sequence: number;
  readonly upTo: number;
  readonly deltaMs: number;
  readonly clock: Frame['clock'];
}

/** A reading takes about so long at most from its first byte on: a second's sentences, on a line that they fill. */
const IN_FLIGHT_MS = 1_000;

export interface KeepingLimits {
  readonly maxReadings: number;
  /** Bytes of rows; the journal's own bytes stand for them. */
  readonly maxBytes: number;
}

type Head = Omit<Frame, 'payload'> & { readonly bytes: number };

/** What is found in the journal's files when the daemon starts. Holds heads, no readings. */
export class Contents {
  readonly #heads: Head[] = [];
  readonly runs = new Map<number, Run>();
  readonly steps: Step[] = [];
  /** Everything up to here was sealed when the last frame was written. */
  sealed = 0;
  /** Greatest sequence number and position there are. */
  sequence = 0;
  position = 0;

  static async of(slots: Slots): Promise<Contents> {
    const contents = new Contents();
    for await (const { slot, frames } of slots.find()) {
      for (const frame of frames) {
        slot.first = Math.min(slot.first, frame.first);
        slot.last = Math.max(slot.last, frame.first + Math.max(frame.count, 1) - 1);
        contents.#take(frame);
      }
    }
    contents.#heads.sort((a, b) => a.sequence - b.sequence);
    contents.steps.sort((a, b) => a.sequence - b.sequence);
    return contents;
  }

  /**
   * No reading that came after the last one here is older, ms since the Unix epoch; undefined where there is none. A reading has the
   * time of its first byte, and comes when its last is in: it may be older than one that came before it. How much, those that were
   * written within one interval tell.
   */
  lostFrom(intervalMs: number): number | undefined {
    const last = this.#heads.at(-1);
    if (last === undefined) return undefined;
    let earliest = this.#dated(last).to - IN_FLIGHT_MS;
    for (const head of this.#heads.toReversed()) {
      const ago = last.clock.sinceBootMs - head.clock.sinceBootMs;
      if (ago > intervalMs || this.#bootOf(head) !== this.#bootOf(last)) break;
      earliest = Math.min(earliest, this.#dated(head).from);
    }
    return earliest;
  }

  /** What is not sealed, in batches, and what is missing between. */
  unsealed(sealed: number, limits: KeepingLimits): { batches: KeptBatch[]; gaps: Gap[] } {
    const batches: KeptBatch[] = [];
    const gaps: Gap[] = [];
    let position = Math.max(sealed, this.sealed);
    let open: { batch: KeptBatch; run: number; bytes: number } | undefined;
    let before: number | undefined;
    for (const head of this.#heads) {
      const last = head.first + head.count - 1;
      const run = this.runs.get(head.run);
      if (last <= position || run === undefined) continue;
      const { from, to, clock } = this.#dated(head);
      const first = Math.max(head.first, position + 1);
      const missing = first - position - 1;
      if (missing > 0) gaps.push({ count: missing, from: Math.min(before ?? from, from), to: from });
      const count = last - first + 1;
      const joins =
        open !== undefined &&
        missing === 0 &&
        open.run === head.run &&
        open.batch.count + count <= limits.maxReadings &&
        open.bytes + head.bytes <= limits.maxBytes;
      const grown = joins ? open?.batch : undefined;
      const batch: KeptBatch = {
        first: grown?.first ?? first,
        last,
        count: (grown?.count ?? 0) + count,
        from: Math.min(grown?.from ?? from, from),
        to: Math.max(grown?.to ?? to, to),
        clock: { ...clock, bootId: run.bootId },
        sources: run.sources,
      };
      if (grown !== undefined) batches.pop();
      batches.push(batch);
      open = { batch, run: head.run, bytes: (joins ? (open?.bytes ?? 0) : 0) + head.bytes };
      position = last;
      before = to;
    }
    return { batches, gaps };
  }

  #bootOf({ run }: Head): string {
    return String(this.runs.get(run)?.bootId);
  }

  #take(frame: Frame): void {
    const { payload, ...head } = frame;
    this.sequence = Math.max(this.sequence, frame.sequence);
    this.sealed = Math.max(this.sealed, frame.sealed);
    if (frame.kind === 'run') {
      const run = decodeRun(payload);
      if (run !== undefined) this.runs.set(frame.run, run);
    } else if (frame.kind === 'step') {
      const deltaMs = Buffer.from(payload).readDoubleLE(0);
      this.steps.push({ sequence: frame.sequence, upTo: frame.first, deltaMs, clock: frame.clock });
    } else {
      this.position = Math.max(this.position, frame.first + frame.count - 1);
      this.#heads.push({ ...head, bytes: payload.length });
    }
  }

  /** Times as they are after every step; and the clock as it was then known. */
  #dated(head: Head): Pick<Frame, 'from' | 'to' | 'clock'> {
    let { from, to, clock } = head;
    for (const step of this.steps) {
      if (step.sequence < head.sequence || step.upTo < head.first) continue;
      from += step.deltaMs;
      to += step.deltaMs;
      clock = { ...step.clock, sinceBootMs: clock.sinceBootMs };
    }
    return { from, to, clock };
  }
}
