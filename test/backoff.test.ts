import { describe, expect, it } from 'vitest';
import { Backoff } from '../daemon/backoff.ts';

describe('waits between attempts', () => {
  it('double from the smallest to the largest, and begin anew after a reset', () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 500 }, () => 1);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 500, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('are spread over the whole range below the ceiling', () => {
    const random = [0, 0.5, 0.25];
    const backoff = new Backoff({ minMs: 100, maxMs: 1_000 }, () => random.shift() ?? 0);
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 100, 100]);
  });

  it('are never below the floor', () => {
    const random = [0, 0.5, 1];
    const backoff = new Backoff({ minMs: 100, maxMs: 1_000, floor: 0.5 }, () => random.shift() ?? 0);
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([50, 150, 400]);
  });
});
