import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PacedLine } from '../../daemon/simulator/paced-line.ts';

const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, index) => (from + index) & 0xff);

describe('a paced line', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    { baudRate: 9_600, ms: 500, length: 480 },
    { baudRate: 115_200, ms: 100, length: 1_152 },
    { baudRate: 921_600, ms: 20, length: 1_843 },
  ])('lets out ten bits a byte: $length bytes in $ms ms at $baudRate baud', ({ baudRate, ms, length }) => {
    const out: Uint8Array[] = [];
    const line = new PacedLine(baudRate, (part) => out.push(part));
    line.push(bytes(4_000));
    vi.advanceTimersByTime(ms);
    // The last byte may still be under way.
    expect(length - Buffer.concat(out).length).toBeOneOf([0, 1]);
  });

  it('keeps the order of what was pushed and rests when it is empty', () => {
    const out: Uint8Array[] = [];
    const line = new PacedLine(9_600, (part) => out.push(part));
    line.push(bytes(100));
    line.push(bytes(100, 100));
    vi.advanceTimersByTime(1_000);
    expect(Buffer.concat(out)).toEqual(Buffer.from(bytes(200)));
    expect(line.queued).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds a second at most, and drops and counts the rest', () => {
    let out = 0;
    const line = new PacedLine(115_200, (part) => {
      out += part.length;
    });
    for (let push = 0; push < 10; push++) line.push(bytes(4_000));
    expect(line.queued).toBe(11_520);
    expect(line.dropped).toBe(40_000 - 11_520);
    vi.advanceTimersByTime(1_100);
    expect(out).toBe(11_520);
  });

  it('forgets what waits when it is cleared', () => {
    let out = 0;
    const line = new PacedLine(9_600, (part) => {
      out += part.length;
    });
    line.push(bytes(1_000));
    vi.advanceTimersByTime(100);
    line.clear();
    vi.advanceTimersByTime(1_000);
    expect(96 - out).toBeOneOf([0, 1]);
  });
});
