import { rowSize } from '../proof/row.ts';
import type { Reading } from '../readings/index.ts';

/** Readings of one frame at most, and bytes of their rows. */
const FRAME_READINGS = 500;
const FRAME_BYTES = 24_000;
/** Readings that wait for a disk that does not take them; beyond it the oldest stay in memory alone. */
const MAX_PENDING = 10_000;

/** Readings that are yet to be written, in the order of their positions, which follow one another. */
export class Pending {
  #readings: Reading[] = [];
  /** Position of the first. */
  #first = 1;
  #bytes = 0;

  get size(): number {
    return this.#readings.length;
  }

  get first(): number {
    return this.#first;
  }

  /** There is enough for a frame: it need not wait. */
  get isFrameful(): boolean {
    return this.#bytes >= FRAME_BYTES || this.#readings.length >= FRAME_READINGS;
  }

  /** Adds a reading. Says how many were let go for it. */
  add(position: number, reading: Reading): number {
    if (this.#readings.length === 0) this.#first = position;
    this.#readings.push(reading);
    this.#bytes += rowSize(reading, 0);
    if (this.#readings.length <= MAX_PENDING) return 0;
    this.drop(this.#first + MAX_PENDING / 10 - 1);
    return MAX_PENDING / 10;
  }

  /** How many of the first readings go into one frame, and the bytes of their rows. */
  frame(): { readonly count: number; readonly bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const reading of this.#readings) {
      const more = rowSize(reading, 0);
      if (count > 0 && (bytes + more > FRAME_BYTES || count >= FRAME_READINGS)) break;
      bytes += more;
      count += 1;
    }
    return { count, bytes };
  }

  /** Takes the first readings out. */
  take(count: number): readonly Reading[] {
    const taken = this.#readings.slice(0, count);
    this.drop(this.#first + taken.length - 1);
    return taken;
  }

  /** Puts back what was taken, but for what is sealed. */
  putBack(first: number, readings: readonly Reading[], sealed: number): void {
    const left = readings.slice(Math.max(0, sealed + 1 - first));
    // Where some of those that came after them had to go meanwhile, they can't stand before the rest any more.
    const follows = this.#readings.length === 0 || this.#first === first + readings.length;
    if (left.length === 0 || !follows) return;
    this.#readings = [...left, ...this.#readings];
    this.#first = Math.max(first, sealed + 1);
    this.#bytes += left.reduce((sum, reading) => sum + rowSize(reading, 0), 0);
  }

  /** Forgets all up to a position. */
  drop(upTo: number): void {
    const count = Math.min(this.#readings.length, upTo - this.#first + 1);
    if (count <= 0) return;
    for (const reading of this.#readings.splice(0, count)) this.#bytes -= rowSize(reading, 0);
    this.#first += count;
  }
}
