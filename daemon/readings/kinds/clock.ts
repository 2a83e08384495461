import type { KindSpec } from '../field.ts';
import { choice, count, int, time } from './fields.ts';

/** Who a clock's time is from, by number: the same as in a proof's clock state. */
const CLOCK_SOURCES = ['none', 'rtc', 'ntp', 'gnss'] as const;

const MAX_STEP_MS = 253_402_300_799_999;

export const CLOCK_KINDS = {
  'clock.step': {
    number: 17,
    about:
      "The gateway's timeline was set anew: from here on its times are `step` further. Readings from `datedFrom` on that were not sealed yet have been dated by the same step.",
    required: ['previous', 'source', 'step', 'since'],
    fields: {
      previous: choice(1, CLOCK_SOURCES, 'Who the time was from before'),
      source: choice(2, CLOCK_SOURCES, 'Who it is from now'),
      step: int(3, 's', 3, -MAX_STEP_MS, MAX_STEP_MS, 'By how much times went up'),
      since: time(4, 'When the timeline that ended had begun, by the new one'),
      dated: count(5, 4_294_967_295, 'Readings that were dated anew'),
      datedFrom: time(6, 'The first of them, by the new timeline'),
      uncertainty: int(7, 's', 3, 0, 4_294_967_295, 'How far the new timeline may be off'),
      slept: int(8, 's', 3, 0, MAX_STEP_MS, 'The host was suspended for so long: no reading had to be dated anew'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
