import { duration } from '../config/index.ts';
import type { ProtocolSettings, SettingSpec } from '../protocols/index.ts';

type SettingSpecs = Readonly<Record<string, SettingSpec>>;
type SettingValue = string | number | boolean;

/** A setting that its protocol does not take. */
export interface SettingFault {
  readonly name: string;
  readonly detail: string;
}

/** The settings that a protocol gets: those given, and the defaults of the others. Durations become ms. */
export function resolveSettings(
  specs: SettingSpecs,
  given: Readonly<Record<string, SettingValue>>,
): { readonly values: ProtocolSettings; readonly faults: readonly SettingFault[] } {
  const values: Record<string, SettingValue> = {};
  const faults: SettingFault[] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name))
      faults.push({ name, detail: `${JSON.stringify(name)} is no setting of this protocol` });
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? given[name] : spec.default;
    if (value === undefined) continue;
    const resolved = resolve(spec, value);
    if (typeof resolved === 'object') faults.push({ name, detail: resolved.fault });
    else values[name] = resolved;
  }
  return { values, faults };
}

/** The settings of a protocol where no profile says anything. */
export const defaultSettings = (specs: SettingSpecs = {}): ProtocolSettings => resolveSettings(specs, {}).values;

function resolve(spec: SettingSpec, value: SettingValue): SettingValue | { readonly fault: string } {
  const written = JSON.stringify(value);
  switch (spec.type) {
    case 'text':
      return typeof value === 'string' ? value : { fault: `${written} is not a text` };
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : { fault: `${written} is not a number` };
    case 'flag':
      return typeof value === 'boolean' ? value : { fault: `${written} is not true or false` };
    case 'choice': {
      const values = spec.values ?? [];
      const known = typeof value === 'string' && values.includes(value);
      return known ? value : { fault: `${written} is none of ${values.join(', ')}` };
    }
    case 'duration': {
      // A protocol may write its default in ms.
      if (value === spec.default && typeof value === 'number') return value;
      const parsed = duration().safeParse(value);
      return parsed.success ? parsed.data : { fault: parsed.error.issues[0]?.message ?? 'is not a duration' };
    }
  }
}

/** The JSON Schema of a protocol's settings. */
export function settingsJsonSchema(specs: SettingSpecs): object {
  const types = { text: 'string', number: 'number', flag: 'boolean', choice: 'string', duration: 'string' } as const;
  const properties = Object.entries(specs).map(([name, spec]) => [
    name,
    {
      type: types[spec.type],
      ...(spec.values === undefined ? {} : { enum: spec.values }),
      description: spec.default === undefined ? spec.about : `${spec.about} (${spec.default} where it is left out)`,
    },
  ]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}
