import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SeenFile } from '../../daemon/camera/file-mark.ts';
import { SealedFiles } from '../../daemon/camera/sealed-files.ts';
import { keptLog } from '../support/kept-log.ts';

let folder: string;
let journal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-journal-'));
  journal = join(folder, 'camera.journal');
});
afterEach(() => rmSync(folder, { recursive: true }));

const START = Date.UTC(2026, 10, 20);

const file = (n: number, part: Partial<SeenFile> = {}): SeenFile => ({
  name: `${n}.jpg`,
  inode: String(1_000 + n),
  size: 10,
  modifiedNs: `${START + n}000000`,
  modified: START + n,
  born: START + n,
  changed: START + n,
  bornNs: '1',
  ...part,
});

async function opened(): Promise<SealedFiles> {
  const files = new SealedFiles(journal, keptLog());
  await files.open();
  return files;
}

describe('the journal', () => {
  it('has what was stored, and not what was only added', async () => {
    const files = await opened();
    files.add(file(1));
    files.add(file(2));
    await files.store([file(1)]);
    expect([files.has(file(1)), files.has(file(2))]).toEqual([true, true]);
    const again = await opened();
    expect([again.has(file(1)), again.has(file(2))]).toEqual([true, false]);
  });

  it('has not what was written again before it was stored', async () => {
    const files = await opened();
    files.add(file(1));
    files.add(file(1, { size: 20 }));
    await files.store([file(1)]);
    const again = await opened();
    expect([again.has(file(1)), again.has(file(1, { size: 20 }))]).toEqual([false, false]);
  });

  it('of which the end was torn off, or the middle damaged, has every whole line, and takes more', async () => {
    const files = await opened();
    for (const n of [1, 2]) files.add(file(n));
    await files.store([file(1), file(2)]);
    appendFileSync(journal, 'no json\n[1,2]\n["3.jpg","10');
    const again = await opened();
    again.add(file(4));
    await again.store([file(4)]);
    const last = await opened();
    expect([1, 2, 3, 4].map((n) => last.has(file(n)))).toEqual([true, true, false, true]);
  });

  it('follows a rename', async () => {
    const files = await opened();
    files.add(file(1));
    await files.store([file(1)]);
    const renamed = file(1, { name: 'new.jpg' });
    expect(files.formerName(renamed)).toBe('1.jpg');
    await files.rename('1.jpg', renamed);
    const again = await opened();
    expect([again.has(renamed), again.formerName(renamed)]).toEqual([true, undefined]);
  });

  it('is bounded by the files that there are, however often they are written again', async () => {
    const files = await opened();
    for (let n = 0; n < 5_000; n++) {
      const written = file(n % 3, { modifiedNs: String(n) });
      files.add(written);
      await files.store([written]);
    }
    expect(files.size).toBe(3);
    expect(readFileSync(journal, 'latin1').split('\n').length).toBeLessThan(1_100);
  });

  it('remembers of very many the oldest by their time alone', async () => {
    const files = await opened();
    const all = Array.from({ length: 60_000 }, (_, n) => file(n));
    for (const one of all) files.add(one);
    await files.store(all);
    expect(files.size).toBeLessThanOrEqual(50_000);
    expect(statSync(journal).size).toBeLessThan(60_000 * 80);
    const again = await opened();
    expect(again.size).toBeLessThanOrEqual(50_000);
    expect(all.filter((one) => !again.has(one))).toEqual([]);
    expect(again.has(file(60_000))).toBe(false);
    expect(again.has(file(7, { name: 'new.jpg', changed: 3_000 }))).toBe(false);
  });

  it('that cannot be read is named', async () => {
    await expect(new SealedFiles(folder, keptLog()).open()).rejects.toMatchObject({
      code: 'FILE_NOT_READABLE',
      place: folder,
    });
  });

  it('that cannot be written is known in memory, is told of once, and is written whole when it can be', async () => {
    const log = keptLog();
    const place = join(folder, 'nowhere', 'camera.journal');
    const files = new SealedFiles(place, log);
    await files.open();
    for (const n of [1, 2, 3]) {
      files.add(file(n));
      await files.store([file(n)]);
    }
    files.add(file(4));
    expect([1, 2, 3, 4].map((n) => files.has(file(n)))).toEqual([true, true, true, true]);
    expect(files.trouble).toContain('FILE_NOT_WRITABLE');
    expect(files.retryInMs).toBeGreaterThan(0);
    mkdirSync(join(folder, 'nowhere'));
    // The disk is left alone for a while.
    await files.write();
    expect(existsSync(place)).toBe(false);
    await files.write(true);
    expect([files.trouble, files.retryInMs]).toEqual([undefined, undefined]);
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { code: 'FILE_NOT_WRITABLE', place } },
      { level: 'info' },
    ]);
    const again = new SealedFiles(place, keptLog());
    await again.open();
    expect([1, 2, 3, 4].map((n) => again.has(file(n)))).toEqual([true, true, true, false]);
  });
});
