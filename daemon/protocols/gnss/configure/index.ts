import type { DeviceConfiguration } from '../../protocol.ts';
import type { Plan } from './command.ts';
import { planLegacy } from './legacy.ts';
import { planLines, planSentences } from './sentences.ts';
import { planValset } from './valset.ts';

export type { Answer } from './command.ts';
export { Configurator } from './configurator.ts';

/**
 * What a receiver has to be told, in order: what changes the rate of the line comes last of the part that it is in, so
 * a profile has it in one part only.
 */
export function planConfiguration(configure: DeviceConfiguration): Plan {
  const plans = [
    planSentences(configure.nmea ?? []),
    planLines(configure.lines ?? []),
    planLegacy(configure.ubxLegacy ?? {}),
    planValset(configure.ubx ?? {}),
  ];
  return {
    commands: plans.flatMap(({ commands }) => commands),
    problems: plans.flatMap(({ problems }) => problems),
  };
}
