import { describe, expect, it } from 'vitest';
import { BaudSearch } from '../../daemon/serial/baud-search.ts';

describe('the search for a baud rate', () => {
  it('tries every rate in turn, and says when a round is over', () => {
    const search = new BaudSearch([1, 2, 3]);
    const seen = Array.from({ length: 6 }, () => [search.current, search.advance()]);
    expect(seen).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  it('gives every other rate its turn before the round that a working rate begins is over', () => {
    const search = new BaudSearch([1, 2, 3]);
    search.advance();
    search.confirm();
    expect(search.current).toBe(2);
    const seen = Array.from({ length: 3 }, () => [search.current, search.advance()]);
    expect(seen).toEqual([
      [2, false],
      [3, false],
      [1, true],
    ]);
    expect(search.current).toBe(2);
    search.advance();
    search.rewind();
    expect(search.current).toBe(2);
  });

  it('needs a rate to try', () => {
    expect(() => new BaudSearch([])).toThrow(RangeError);
    expect(new BaudSearch([9_600]).hasChoice).toBe(false);
    expect(new BaudSearch([9_600]).advance()).toBe(true);
  });
});
