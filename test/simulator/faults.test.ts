import { describe, expect, it } from 'vitest';
import { FaultInjector, type FaultOptions } from '../../daemon/simulator/faults.ts';

const EPOCH = Uint8Array.from({ length: 1_000 }, (_, index) => index & 0xff);

function play(options: FaultOptions, epochs: number) {
  const faults = new FaultInjector(options);
  return Array.from({ length: epochs }, (_, index) => faults.apply(EPOCH, index));
}

const hex = (options: FaultOptions) =>
  play(options, 20).map(({ bytes, plugged }) => `${plugged} ${Buffer.from(bytes).toString('hex')}`);

describe('faults', () => {
  it('are the same for the same seed, and others for another', () => {
    const all = { flip: 0.01, drop: 0.01, garbage: 0.3, half: 0.1 };
    expect(hex({ seed: 1, ...all })).toEqual(hex({ seed: 1, ...all }));
    expect(hex({ seed: 1, ...all })).not.toEqual(hex({ seed: 2, ...all }));
  });

  it('leave the bytes alone when none is asked for', () => {
    for (const { bytes, plugged } of play({ seed: 1 }, 5)) {
      expect(bytes).toEqual(Buffer.from(EPOCH));
      expect(plugged).toBe(true);
    }
  });

  it('flip single bits at the given rate', () => {
    let flipped = 0;
    for (const { bytes } of play({ seed: 3, flip: 0.02 }, 50)) {
      expect(bytes).toHaveLength(EPOCH.length);
      bytes.forEach((byte, index) => {
        const difference = byte ^ (EPOCH[index] ?? 0);
        if (difference === 0) return;
        flipped += 1;
        expect(difference & (difference - 1), 'one bit').toBe(0);
      });
    }
    expect(flipped).toBeGreaterThan(850);
    expect(flipped).toBeLessThan(1_150);
  });

  it('lose bytes at the given rate', () => {
    const kept = play({ seed: 4, drop: 0.05 }, 50).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(kept).toBeGreaterThan(47_100);
    expect(kept).toBeLessThan(47_900);
  });

  it('add bursts of garbage behind whole epochs', () => {
    const lengths = play({ seed: 5, garbage: 1, garbageBytes: 10 }, 50).map(({ bytes }) => bytes.length - EPOCH.length);
    expect(Math.min(...lengths)).toBe(1);
    expect(Math.max(...lengths)).toBe(10);
  });

  it('break an epoch off and fall silent', () => {
    const [half, ...silent] = play({ seed: 6, half: 1, halfSilence: 2 }, 3);
    expect(half?.bytes.length).toBeLessThan(EPOCH.length);
    expect(Buffer.from(EPOCH).subarray(0, half?.bytes.length)).toEqual(Buffer.from(half?.bytes ?? []));
    expect(silent.map(({ bytes }) => bytes.length)).toEqual([0, 0]);
  });

  it.each([
    { name: 'stall', options: { stall: { every: 3, epochs: 2 } }, shown: '111001110011' },
    { name: 'storm', options: { storm: { every: 2, epochs: 1, copies: 5 } }, shown: '115115115115' },
    { name: 'unplug', options: { unplug: { every: 4, epochs: 2 } }, shown: '1111--1111--' },
  ])('come as spells: $name', ({ options, shown }) => {
    const seen = play({ seed: 7, ...options }, 12).map(({ bytes, plugged }) =>
      plugged ? String(bytes.length / EPOCH.length) : '-',
    );
    expect(seen.join('')).toBe(shown);
  });
});
