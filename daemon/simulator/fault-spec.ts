import { FieldsealError } from '../errors.ts';
import type { FaultOptions, Spell } from './faults.ts';
import { type ClockFault, WEEK_ROLLOVER_MS } from './gnss-device.ts';

/** What `--faults` asks for. Spells are in seconds here: how many epochs that is, the device says. */
export interface FaultSpec {
  readonly flip?: number;
  readonly drop?: number;
  readonly garbage?: number;
  readonly half?: number;
  readonly stall?: SpellSeconds;
  readonly unplug?: SpellSeconds;
  readonly storm?: SpellSeconds;
  readonly renumber?: boolean;
  readonly deaf?: boolean;
  readonly wrongBaud?: number;
  readonly clock?: ClockFault;
}

interface SpellSeconds {
  readonly every: number;
  readonly for: number;
}

const STORM_COPIES = 10;

type Parse = (value: string) => Partial<FaultSpec> | undefined;

const share =
  (name: 'flip' | 'drop' | 'garbage' | 'half'): Parse =>
  (value) => {
    const probability = numberOf(value);
    return probability === undefined || probability > 1 ? undefined : { [name]: probability };
  };

const spell =
  (name: 'stall' | 'unplug' | 'storm'): Parse =>
  (value) => {
    const [every, seconds] = value.split('/').map(numberOf);
    return every === undefined || seconds === undefined || every === 0 || seconds === 0
      ? undefined
      : { [name]: { every, for: seconds } };
  };

const flag =
  (name: 'renumber' | 'deaf'): Parse =>
  (value) =>
    value === '' ? { [name]: true } : undefined;

const PARSERS: Readonly<Record<string, Parse>> = {
  flip: share('flip'),
  drop: share('drop'),
  garbage: share('garbage'),
  half: share('half'),
  stall: spell('stall'),
  unplug: spell('unplug'),
  storm: spell('storm'),
  renumber: flag('renumber'),
  deaf: flag('deaf'),
  baud: (value) => (/^[1-9]\d{2,6}$/.test(value) ? { wrongBaud: Number(value) } : undefined),
  jump: (value) => {
    const [after, by] = value.split('/').map(Number);
    if (after === undefined || by === undefined || !(after >= 0) || !Number.isFinite(by)) return undefined;
    return { clock: { afterMs: after * 1_000, byMs: by * 1_000 } };
  },
  rollover: (value) => {
    const after = value === '' ? 0 : numberOf(value);
    return after === undefined ? undefined : { clock: { afterMs: after * 1_000, byMs: WEEK_ROLLOVER_MS } };
  },
};

/**
 * Reads a list of faults such as `flip=0.001,drop=0.0005,garbage=0.01,unplug=30/3,deaf` (docs/simulator.md).
 *
 * @throws FieldsealError USAGE
 */
export function parseFaults(text: string): FaultSpec {
  let spec: FaultSpec = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.trim().split('=', 2);
    const parse = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined;
    const fault = parse?.(value);
    if (fault === undefined) {
      const detail =
        parse === undefined
          ? `no fault ${JSON.stringify(name)}; there are ${Object.keys(PARSERS).join(', ')}`
          : `not understood: ${part.trim()}`;
      throw new FieldsealError('USAGE', { detail, place: 'fieldseal simulate' });
    }
    spec = { ...spec, ...fault };
  }
  return spec;
}

/** The faults of a line whose device has such epochs. */
export function lineFaults(spec: FaultSpec, periodMs: number, seed: number): FaultOptions {
  const { stall, unplug, storm, clock: _, ...rest } = spec;
  const epochs = ({ every, for: seconds }: SpellSeconds): Spell => ({
    every: Math.max(1, Math.round((every * 1_000) / periodMs)),
    epochs: Math.max(1, Math.round((seconds * 1_000) / periodMs)),
  });
  return {
    seed,
    ...rest,
    ...(stall === undefined ? {} : { stall: epochs(stall) }),
    ...(unplug === undefined ? {} : { unplug: epochs(unplug) }),
    ...(storm === undefined ? {} : { storm: { ...epochs(storm), copies: STORM_COPIES } }),
  };
}

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text !== '' && value >= 0 && Number.isFinite(value) ? value : undefined;
}
