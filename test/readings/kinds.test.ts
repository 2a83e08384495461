import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FieldSpec, KIND_NAMES, kindByNumber, kindSpec } from '../../daemon/readings/index.ts';

const fields: [string, FieldSpec][] = KIND_NAMES.flatMap((kind) =>
  Object.entries(kindSpec(kind).fields).map(([name, field]): [string, FieldSpec] => [`${kind} ${name}`, field]),
);

/** KIND_NUMBER KIND KEY FIELD FORM, a line each: what is signed by numbers alone. */
function numbering(): string[] {
  return KIND_NAMES.flatMap((kind) => {
    const { number, fields: all } = kindSpec(kind);
    return Object.entries(all).map(([name, field]) => `${number} ${kind} ${field.key} ${name} ${formOf(field)}`);
  });
}

function formOf(field: FieldSpec): string {
  if (field.type === 'int') return `int 1e-${field.digits} ${field.unit || '-'}`;
  if (field.type !== 'records') return field.type;
  const columns = Object.entries(field.columns).map(([name, c]) => `${name}:${c.signed ? 'i' : 'u'}${c.bytes}`);
  return `records ${columns.join(',')}`;
}

describe('the registry of kinds', () => {
  it('still says what earlier proofs meant: numbers, keys, scales and units are added, never changed', () => {
    const frozen = readFileSync(new URL('numbering.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    expect(numbering()).toEqual(expect.arrayContaining(frozen));
    // A new field belongs into numbering.txt, so that it is held from then on.
    expect(frozen).toEqual(expect.arrayContaining(numbering()));
  });

  it('numbers each kind once, and finds it by its number', () => {
    const numbers = KIND_NAMES.map((name) => kindSpec(name).number);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const name of KIND_NAMES) expect(kindByNumber(kindSpec(name).number)).toBe(name);
    expect(kindByNumber(0)).toBeUndefined();
    expect(kindByNumber(1e9)).toBeUndefined();
  });

  it.each(KIND_NAMES)('%s has keys of its own from 1, and declares what it requires', (name) => {
    const { number, fields: all, required, about } = kindSpec(name);
    const keys = Object.values(all).map((field) => field.key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of [number, ...keys]) expect(Number.isInteger(key) && key >= 1, `${key}`).toBe(true);
    for (const field of required) expect(Object.keys(all)).toContain(field);
    expect(name).toMatch(/^[a-z]+\.[a-z]+$/);
    for (const field of Object.keys(all)) expect(field).toMatch(/^[a-z][A-Za-z0-9]*$/);
    expect(about).toMatch(/\.$/);
  });

  it.each(fields)('%s can be signed exactly within its bounds', (_, field) => {
    expect(field.about).not.toBe('');
    if (field.type !== 'int') {
      expect(field.max).toBeGreaterThan(0);
    } else {
      expect(Number.isSafeInteger(field.min) && Number.isSafeInteger(field.max)).toBe(true);
      expect(field.min).toBeLessThan(field.max);
      expect(field.digits).toBeGreaterThanOrEqual(0);
      if (field.names !== undefined) expect(field.max).toBe(field.names.length - 1);
    }
  });

  it.each(fields.filter(([, field]) => field.type === 'records'))(
    '%s has columns that hold their bounds',
    (_, field) => {
      if (field.type !== 'records') throw new Error('not a table');
      for (const [name, { bytes, signed, min, max, none }] of Object.entries(field.columns)) {
        const least = signed ? -(2 ** (bytes * 8 - 1)) : 0;
        const most = signed ? 2 ** (bytes * 8 - 1) - 1 : 2 ** (bytes * 8) - 1;
        expect(min, name).toBeGreaterThanOrEqual(least);
        expect(max, name).toBeLessThanOrEqual(most);
        if (none === undefined) continue;
        expect(none >= least && none <= most, name).toBe(true);
        expect(none < min || none > max, `${name}: none is a value`).toBe(true);
      }
    },
  );
});
