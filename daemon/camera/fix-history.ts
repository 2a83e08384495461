import type { Reading } from '../readings/index.ts';

export type FixReading = Extract<Reading, { kind: 'gnss.fix' }>;

/** A fix as it is remembered: a copy, for the reading itself may be dated anew by others. */
export type RememberedFix = Pick<FixReading, 't' | 'fields'>;

/** Fixes are kept so far apart at least: a clip's time is not known better. */
const SPACING_MS = 500;
const MAX_FIXES = 1_200;
/** gnss.fix mode "none": a position beside it is one that the receiver remembers. */
const MODE_NONE = 1;

/** The last ten minutes or more of fixes, whichever source they come from. */
export class FixHistory {
  #fixes: RememberedFix[] = [];

  add(fix: FixReading): void {
    const { lat, lon, mode } = fix.fields;
    if (lat === undefined || lon === undefined || mode === MODE_NONE) return;
    const before = this.#fixes.at(-1);
    if (before !== undefined && Math.abs(fix.t - before.t) < SPACING_MS) return;
    if (this.#fixes.length >= MAX_FIXES) this.#fixes.shift();
    this.#fixes.push({ t: fix.t, fields: fix.fields });
  }

  /** The clock that has stamped the fixes was wrong by so much. */
  dateBack(deltaMs: number): void {
    this.#fixes = this.#fixes.map(({ t, fields }) => ({ t: t + deltaMs, fields }));
  }

  /** The fix nearest to a time in ms since the Unix epoch; undefined where none is within `maxAge` ms of it. */
  nearest(time: number, maxAge: number): RememberedFix | undefined {
    let nearest: RememberedFix | undefined;
    for (const fix of this.#fixes) {
      const distance = Math.abs(fix.t - time);
      if (distance <= maxAge && (nearest === undefined || distance < Math.abs(nearest.t - time))) nearest = fix;
    }
    return nearest;
  }
}
