import type { Proof, Reason } from '../../proof/index.ts';
import type { Reading } from '../../readings/index.ts';

/** How far a reading's time may lie from the verifier's, in ms. */
export interface TimeBounds {
  readonly maxFuture: number;
  readonly maxAge: number;
}

/**
 * A reading is stamped when its first bytes come and is complete later: a navigation epoch when the next begins, a modem's round when
 * its last question is answered. So readings of sources side by side may be out of order by so much, within a proof and
 * from one to the next.
 */
export const STAMP_LAG_MS = 10_000;

/** Holds a proof's first and last time against the verifier's clock when it came. */
export function checkTime({ payload }: Proof, received: number, bounds: TimeBounds): Reason[] {
  const reasons: Reason[] = [];
  if (Math.max(payload.first, payload.last) > received + bounds.maxFuture) reasons.push('time-future');
  if (Math.min(payload.first, payload.last) < received - bounds.maxAge) reasons.push('time-old');
  if (payload.first > payload.last + STAMP_LAG_MS) reasons.push('time-order');
  return reasons;
}

/** By how many ms a reading tells that its gateway's timeline was set back. */
export const setBack = (reading: Reading): number =>
  reading.kind === 'clock.step' ? Math.max(0, -reading.fields.step) : 0;

/** Whether a reading lies outside the span that its proof states. */
export const outsideSpan = (reading: Reading, { payload }: Proof): boolean =>
  reading.t < payload.first - STAMP_LAG_MS || reading.t > payload.last + STAMP_LAG_MS;
