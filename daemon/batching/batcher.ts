import type { Reading } from '../readings/index.ts';

/** Readings sealed together, in the order in which they came. */
export interface Batch {
  readonly readings: readonly Reading[];
  /** Why it was closed. */
  readonly closedBy: 'age' | 'count' | 'bytes' | 'flush';
}

export interface BatchLimits {
  /** Age in ms of the first reading at which the batch closes. */
  readonly maxAge: number;
  readonly maxReadings: number;
  /** Bytes of the batch's rows; a batch closes before the reading that would exceed it. */
  readonly maxBytes: number;
}

/** What the batcher needs to know of the world. */
export interface BatcherSurroundings {
  /** Milliseconds that only go forward, so that a clock that jumps neither holds nor splits a batch. */
  readonly monotonicNow: () => number;
  /** Bytes that a reading takes as a row of a proof. */
  readonly sizeOf: (reading: Reading) => number;
}

/** Gathers readings into batches that close by age, count or bytes, whichever comes first. Pure: no timers of its own. */
export class Batcher {
  readonly #limits: BatchLimits;
  readonly #surroundings: BatcherSurroundings;
  #readings: Reading[] = [];
  #bytes = 0;
  #openedAt = 0;

  constructor(limits: BatchLimits, surroundings: BatcherSurroundings) {
    this.#limits = limits;
    this.#surroundings = surroundings;
  }

  /** Readings that wait in the open batch. */
  get size(): number {
    return this.#readings.length;
  }

  /** The readings of the open batch. */
  get open(): readonly Reading[] {
    return this.#readings;
  }

  /** Milliseconds until `due` closes the open batch; undefined while none is open. */
  get dueIn(): number | undefined {
    if (this.#readings.length === 0) return undefined;
    return Math.max(0, this.#openedAt + this.#limits.maxAge - this.#surroundings.monotonicNow());
  }

  /** Takes a reading. Returns the batches that this closes: none, or one, or two where the reading fills one by itself. */
  add(reading: Reading): Batch[] {
    const closed: Batch[] = [];
    const size = this.#surroundings.sizeOf(reading);
    if (this.#readings.length > 0 && this.#bytes + size > this.#limits.maxBytes) closed.push(this.#close('bytes'));
    if (this.#readings.length === 0) this.#openedAt = this.#surroundings.monotonicNow();
    this.#readings.push(reading);
    this.#bytes += size;
    if (this.#readings.length >= this.#limits.maxReadings) closed.push(this.#close('count'));
    else if (this.#bytes >= this.#limits.maxBytes) closed.push(this.#close('bytes'));
    return closed;
  }

  /** Closes the open batch if it has reached its age. */
  due(): Batch | undefined {
    return this.dueIn === 0 ? this.#close('age') : undefined;
  }

  /** Closes the open batch, whatever its age. */
  flush(): Batch | undefined {
    return this.#readings.length === 0 ? undefined : this.#close('flush');
  }

  #close(closedBy: Batch['closedBy']): Batch {
    const batch = { readings: this.#readings, closedBy };
    this.#readings = [];
    this.#bytes = 0;
    return batch;
  }
}
