import type { ClockState } from '../proof/index.ts';

/** Who vouches for a time. */
export type Voucher = Exclude<ClockState['source'], 'none'>;

/** An oscillator that nobody corrects is off by less than this share of the time that goes by: 100 ppm. */
export const DRIFT = 100e-6;

/** A time as somebody vouches for it, tied to the monotonic clock. Times in ms. */
export interface Belief {
  readonly source: Voucher;
  /** What has to be added to the monotonic clock to have milliseconds since the Unix epoch. */
  readonly offset: number;
  /** How far it may be off at `at`. */
  readonly uncertainty: number;
  /** On the monotonic clock. */
  readonly at: number;
}

/** What the receivers of satellite navigation say together. */
export interface GnssOpinion extends Belief {
  readonly source: 'gnss';
  /** How many receivers agree. */
  readonly receivers: number;
  /** For how long they have been saying so, ms. */
  readonly steadyFor: number;
}

/** How far a belief may be off by now: its oscillator has drifted since. */
export const uncertaintyAt = ({ uncertainty, at }: Belief, monotonic: number): number =>
  uncertainty + Math.max(0, monotonic - at) * DRIFT;

/** Whether both can be true. */
export function consistent(a: Belief, b: Belief, monotonic: number): boolean {
  return Math.abs(a.offset - b.offset) <= uncertaintyAt(a, monotonic) + uncertaintyAt(b, monotonic);
}
