import type { Proof, Reason } from '../../proof/index.ts';
import type { Reading } from '../../readings/index.ts';

/** How far a reading's time may lie from the verifier's, in ms. */
export interface TimeBounds {
  readonly maxFuture: number;
  readonly maxAge: number;
}

/** Holds a proof's first and last time against the verifier's clock when it came. */
export function checkTime({ payload }: Proof, received: number, bounds: TimeBounds): Reason[] {
  const reasons: Reason[] = [];
  if (Math.max(payload.first, payload.last) > received + bounds.maxFuture) reasons.push('time-future');
  if (Math.min(payload.first, payload.last) < received - bounds.maxAge) reasons.push('time-old');
  if (payload.first > payload.last) reasons.push('time-order');
  return reasons;
}

/** The gateway stamps sources side by side, so that neighbours may be out of order by a moment. */
const JITTER_MS = 1_000;

/** Whether a reading lies outside the span that its proof states. */
export const outsideSpan = (reading: Reading, { payload }: Proof): boolean =>
  reading.t < payload.first - JITTER_MS || reading.t > payload.last + JITTER_MS;
