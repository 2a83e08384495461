import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entries } from '../../daemon/outbox/entries.ts';
import { entryOfName, nameOf, newEntry, type OutboxEntry } from '../../daemon/outbox/entry.ts';

const head = { epoch: new Uint8Array(16), seq: 0, digest: new Uint8Array(32) };
const entryAt = (counter: number): OutboxEntry => {
  const digest = new Uint8Array(createHash('sha256').update(String(counter)).digest());
  const facts = {
    ...{ counter, written: 1_790_000_000_000 + counter, position: counter * 600 },
    ...{ declares: counter % 3 === 0, aside: counter % 5 === 0 },
  };
  return newEntry(facts, new Uint8Array(100 + (counter % 900)), {
    epoch: new Uint8Array(16).fill(counter % 7),
    seq: counter,
    digest,
  });
};

describe('an entry', () => {
  it('is read back from its name whole', () => {
    for (const counter of [0, 1, 15, 999_999_999_999]) {
      const entry = counter > 1e9 ? newEntry({ ...entryAt(3), counter }, new Uint8Array(1), head) : entryAt(counter);
      expect(entryOfName(nameOf(entry))).toEqual(entry);
    }
    expect(() => newEntry({ ...entryAt(3), counter: 1e12 }, new Uint8Array(1), head)).toThrow(RangeError);
  });
});

describe('the index of entries', () => {
  it('holds what was added and not deleted, in order, whatever comes and goes', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 700 }) }) },
      { weight: 2, arbitrary: fc.record({ delete: fc.double({ min: 0, max: 1, noNaN: true }), many: fc.nat(900) }) },
      fc.record({ hide: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
      fc.constant('show' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const entries = new Entries();
        const model = new Map<string, OutboxEntry>();
        const hidden = new Set<string>();
        let counter = 0;
        for (const one of steps) {
          const all = [...model.values()];
          if (one === 'show') {
            entries.showAll();
            hidden.clear();
          } else if ('add' in one) {
            for (let i = 0; i < one.add; i++) {
              counter += 1 + (i % 2);
              const entry = entryAt(counter);
              entries.add(entry);
              model.set(entry.digest, entry);
            }
          } else if ('delete' in one) {
            const from = Math.floor(one.delete * all.length);
            for (const entry of all.slice(from, from + one.many)) {
              entries.delete(entry);
              model.delete(entry.digest);
              hidden.delete(entry.digest);
            }
          } else if (all.length > 0) {
            const entry = all[Math.floor(one.hide * all.length)];
            if (entry === undefined) throw new Error('none');
            entries.hide(entry);
            hidden.add(entry.digest);
          }
          const left = [...model.values()];
          expect([...entries.values()]).toEqual(left);
          expect(entries.size).toBe(left.length);
          expect(entries.bytes).toBe(left.reduce((sum, { bytes }) => sum + bytes, 0));
          const after = counter >> 1;
          expect([...entries.visible(after)].map(({ counter }) => counter)).toEqual(
            left.filter((entry) => entry.counter > after && !hidden.has(entry.digest)).map(({ counter }) => counter),
          );
          for (const entry of all.slice(0, 20)) {
            expect(entries.find(entry.digest)).toEqual(model.get(entry.digest));
            expect(entries.isVisible(entry)).toBe(model.has(entry.digest) && !hidden.has(entry.digest));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses one that comes before those that it has', () => {
    const entries = new Entries();
    entries.add(entryAt(5));
    expect(() => entries.add(entryAt(4))).toThrow(RangeError);
    expect(entries.find('00'.repeat(32))).toBeUndefined();
  });
});
