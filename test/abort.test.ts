import { describe, expect, it } from 'vitest';
import { aborted, timer } from '../daemon/abort.ts';

describe('a timer', () => {
  it('gives its signal after its time', async () => {
    const began = performance.now();
    await aborted(timer(30).signal);
    expect(performance.now() - began).toBeGreaterThan(25);
  });

  it('gives none when it was cleared, or has no time', async () => {
    const [cleared, endless] = [timer(1), timer(undefined)];
    cleared.clear();
    await aborted(timer(20).signal);
    expect([cleared.signal.aborted, endless.signal.aborted]).toEqual([false, false]);
  });
});
