import { type FieldValue, KIND_NAMES, type KindName, kindSpec, type Observation } from '../readings/index.ts';

/** Bounds in JSON units, by kind and field. */
export type PlausibleBounds = Readonly<
  Partial<Record<KindName, Readonly<Record<string, { readonly min?: number; readonly max?: number }>>>>
>;

interface FieldBounds {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/**
 * Holds readings against what is plausible of a device. What is not plausible is sealed all the same: the gateway counts, the
 * verifier judges.
 */
export class Plausibility {
  readonly #byKind = new Map<KindName, readonly FieldBounds[]>();

  constructor(bounds: PlausibleBounds) {
    for (const kind of KIND_NAMES) {
      const given = bounds[kind];
      if (given === undefined) continue;
      const { fields } = kindSpec(kind);
      const list = Object.entries(given).map(([name, { min, max }]): FieldBounds => {
        const field = fields[name];
        const scale = 10 ** (field?.type === 'int' ? field.digits : 0);
        return {
          name,
          min: min === undefined ? -Infinity : Math.round(min * scale),
          max: max === undefined ? Infinity : Math.round(max * scale),
        };
      });
      this.#byKind.set(kind, list);
    }
  }

  /** Whether all values that the profile bounds lie within; a field that is not there does. */
  holds({ kind, fields }: Observation): boolean {
    const bounds = this.#byKind.get(kind);
    if (bounds === undefined) return true;
    const values: Readonly<Record<string, FieldValue | undefined>> = fields;
    return bounds.every(({ name, min, max }) => {
      const value = values[name];
      return typeof value !== 'number' || (value >= min && value <= max);
    });
  }
}
