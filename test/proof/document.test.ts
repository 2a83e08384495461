import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  LOSS_REASONS,
  MAX_LOSSES,
  MAX_MESSAGE,
  MAX_READINGS,
  MAX_SOURCES,
  MAX_STATEMENT,
  REASONS,
} from '../../daemon/proof/index.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const page = read('proof-format.md');
const grammar = read('proof.cddl');

describe('the description of the format', () => {
  it.each(Object.entries({ ...REASONS, ...LOSS_REASONS }))('lists the reason %s under its number', (name, number) => {
    expect(page).toContain(`| ${number} | \`${name}\` |`);
  });

  it.each(Object.entries(LOSS_REASONS))('has the loss %s in its grammar', (name, number) => {
    expect(grammar).toContain(`${name}: ${number}`);
  });

  it('names the limits that the program holds', () => {
    for (const limit of [MAX_MESSAGE, MAX_READINGS, MAX_STATEMENT])
      expect(page).toContain(limit.toLocaleString('en-US'));
    expect(grammar).toContain(`[1*${MAX_LOSSES} loss]`);
    expect(grammar).toContain(`[0*${MAX_SOURCES} source]`);
    expect(grammar).toContain(`0..${MAX_READINGS}`);
  });
});
