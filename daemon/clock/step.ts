import type { ClockState } from '../proof/index.ts';
import type { Observation } from '../readings/index.ts';

/** The timeline was moved at once. */
export interface ClockStep {
  /** By how much times went up, whole ms. */
  readonly deltaMs: number;
  /** Whether what was stamped before and is not sealed yet gets the same step; not where the host slept. */
  readonly datesBack: boolean;
  readonly previous: ClockState['source'];
  readonly source: ClockState['source'];
  /** When the timeline that ended had begun, ms since the Unix epoch by the new one. */
  readonly since: number;
  /** Now, by the new one. */
  readonly t: number;
  readonly uncertaintyMs: number;
}

/** The readings that were dated anew: how many, and the time of the first by the new timeline. */
export interface Dated {
  readonly count: number;
  readonly from?: number | undefined;
}

const NUMBERS = { none: 0, rtc: 1, ntp: 2, gnss: 3 } as const satisfies Record<ClockState['source'], number>;

/** The clock.step reading that tells of a step, and of the readings that it has dated anew. */
export function observeStep(step: ClockStep, dated: Dated | undefined): Extract<Observation, { kind: 'clock.step' }> {
  return {
    kind: 'clock.step',
    t: step.t,
    fields: {
      previous: NUMBERS[step.previous],
      source: NUMBERS[step.source],
      step: step.deltaMs,
      since: Math.max(0, step.since),
      ...(step.datesBack && dated !== undefined ? { dated: dated.count } : {}),
      ...(step.datesBack && dated?.from !== undefined ? { datedFrom: Math.max(0, dated.from) } : {}),
      uncertainty: step.uncertaintyMs,
      ...(step.datesBack ? {} : { slept: Math.max(0, step.deltaMs) }),
    },
  };
}
