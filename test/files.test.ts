import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syncFolder, UNFINISHED_PREFIX, writeDurably } from '../daemon/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a durable write', () => {
  it('makes a file of the mode asked for, and leaves nothing else behind', async () => {
    const file = join(folder, 'record');
    await writeDurably(file, Uint8Array.of(1, 2, 3), 0o600);
    expect([...(await readFile(file))]).toEqual([1, 2, 3]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['record']);
  });

  it('replaces a file as a whole, under a new inode', async () => {
    const file = join(folder, 'record');
    await writeFile(file, 'a longer text than the new one');
    const { ino } = await stat(file);
    await writeDurably(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).ino).not.toBe(ino);
  });

  it('lets each of several writers win or lose as a whole', async () => {
    const file = join(folder, 'record');
    const texts = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(5_000));
    await Promise.all(texts.map((text) => writeDurably(file, text)));
    expect(texts).toContain(await readFile(file, 'utf8'));
    expect(await readdir(folder)).toEqual(['record']);
  });

  it('leaves the old file, and no unfinished one, where it fails', async () => {
    const taken = join(folder, 'taken');
    await writeDurably(join(folder, 'other'), 'x');
    await mkdir(join(taken, 'inner'), { recursive: true });
    await expect(writeDurably(taken, 'y')).rejects.toMatchObject({
      code: expect.stringMatching(/EISDIR|ENOTEMPTY|EEXIST/),
    });
    expect((await readdir(folder)).filter((name) => name.startsWith(UNFINISHED_PREFIX))).toEqual([]);
    await expect(writeDurably(join(folder, 'nowhere/record'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('can make a folder durable, and says where there is none', async () => {
    await syncFolder(folder);
    await expect(syncFolder(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
