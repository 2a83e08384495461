import { describe, expect, it } from 'vitest';
import { FileTypes } from '../../daemon/camera/file-types.ts';

describe('a file counts by its name', () => {
  it.each<[string, number | undefined]>([
    ['a.jpg', 1],
    ['day/A.JPEG', 1],
    ['a.mp4', 2],
    ['a.b.TS', 2],
    ['a.txt', undefined],
    ['jpg', undefined],
    ['.jpg', undefined],
    ['.a.jpg', undefined],
    ['a.jpg.part', undefined],
    ['a.jpg~', undefined],
    ['a.', undefined],
    ['day.mp4/a', undefined],
  ])('%s', (name, type) => {
    expect(new FileTypes().typeOf(name)).toBe(type);
  });

  it('and by the configured endings alone, where there are any', () => {
    const types = new FileTypes(['raw', 'mp4']);
    expect(['a.raw', 'a.mp4', 'a.jpg'].map((name) => types.typeOf(name))).toEqual([0, 2, undefined]);
  });
});
