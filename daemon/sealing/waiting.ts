import type { ClockState, ProofSource } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';

/** Readings that are to be sealed together. */
export interface WaitingBatch {
  /** Position of the first and of the last. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** Earliest and latest time, ms since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** Where they are in memory; else they lie in the journal. */
  readonly readings?: readonly Reading[];
  /** The clock when they were read, where that was in an earlier run. */
  readonly clock?: ClockState;
  readonly sources: readonly ProofSource[];
}

/** A batch of readings in memory that follow one another from a position on. */
export function batchOf(first: number, readings: readonly Reading[], sources: readonly ProofSource[]): WaitingBatch {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const { t } of readings) {
    from = Math.min(from, t);
    to = Math.max(to, t);
  }
  return { first, last: first + readings.length - 1, count: readings.length, from, to, readings, sources };
}

/** Two batches of one. */
export function halve(batch: WaitingBatch): readonly [WaitingBatch, WaitingBatch] {
  const { first, last, count, readings, sources } = batch;
  const half = count >> 1;
  const isWhole = count === last - first + 1;
  // Where some are missing, nobody knows which: the position moves on when the second part is sealed.
  const middle = isWhole ? first + half - 1 : first - 1;
  const { readings: _, ...rest } = batch;
  if (readings === undefined) {
    return [
      { ...rest, last: middle, count: half },
      { ...rest, first: middle + 1, count: count - half },
    ];
  }
  const [before, after] = [readings.slice(0, half), readings.slice(half)];
  return [
    { ...rest, ...batchOf(first, before, sources), last: middle },
    { ...rest, ...batchOf(middle + 1, after, sources), last },
  ];
}

/** The batches that wait to be sealed, oldest first, and how many readings of them are in memory. */
export class WaitingBatches {
  #batches: WaitingBatch[] = [];
  #count = 0;
  #inMemory = 0;

  /** Readings that wait. */
  get count(): number {
    return this.#count;
  }

  /** Those of them that are in memory. */
  get inMemory(): number {
    return this.#inMemory;
  }

  get head(): WaitingBatch | undefined {
    return this.#batches[0];
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  push(batch: WaitingBatch): void {
    this.#batches.push(batch);
    this.#add(batch, 1);
  }

  shift(): WaitingBatch | undefined {
    const batch = this.#batches.shift();
    if (batch !== undefined) this.#add(batch, -1);
    return batch;
  }

  /** Puts others in the place of the first. */
  replaceHead(batches: readonly WaitingBatch[]): void {
    this.shift();
    this.#batches.unshift(...batches);
    for (const batch of batches) this.#add(batch, 1);
  }

  /** Takes out the second: the first is being signed. */
  dropSecond(): WaitingBatch | undefined {
    const [dropped] = this.#batches.splice(1, 1);
    if (dropped !== undefined) this.#add(dropped, -1);
    return dropped;
  }

  /** Lets go of readings that the journal keeps, newest first, until no more than `limit` are in memory. The first batch stays. */
  evict(limit: number, keeps: (first: number, last: number) => boolean): void {
    for (let i = this.#batches.length - 1; i > 0 && this.#inMemory > limit; i--) {
      const batch = this.#batches[i];
      if (batch?.readings === undefined || !keeps(batch.first, batch.last)) continue;
      const { readings, ...kept } = batch;
      this.#inMemory -= readings.length;
      this.#batches[i] = kept;
    }
  }

  /** Dates the readings of this run anew. Gives how many there are, and the new time of the first. */
  dateBack(deltaMs: number): { readonly count: number; readonly from: number } {
    let [count, from] = [0, Number.POSITIVE_INFINITY];
    this.#batches = this.#batches.map((batch) => {
      if (batch.clock !== undefined) return batch;
      for (const reading of batch.readings ?? []) moveTime(reading, deltaMs);
      count += batch.count;
      from = Math.min(from, batch.from + deltaMs);
      return { ...batch, from: batch.from + deltaMs, to: batch.to + deltaMs };
    });
    return { count, from };
  }

  #add(batch: WaitingBatch, sign: 1 | -1): void {
    this.#count += sign * batch.count;
    this.#inMemory += sign * (batch.readings?.length ?? 0);
  }
}

/** In place: others know the reading as the object that it is. */
export const moveTime = (reading: Reading, deltaMs: number): void => {
  Object.assign(reading, { t: reading.t + deltaMs });
};
