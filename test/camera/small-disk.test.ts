import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SealedFiles } from '../../daemon/camera/sealed-files.ts';
import { keptLog } from '../support/kept-log.ts';
import { SmallDisk } from '../support/small-disk.ts';

const isPermitted = SmallDisk.isPermitted;
let disk: SmallDisk;

const START = Date.UTC(2026, 10, 20);
const file = (n: number) => ({
  name: `${n}.jpg`,
  inode: String(n),
  size: 10,
  modifiedNs: String(n),
  modified: START + n,
  born: START + n,
  changed: START + n,
  bornNs: '1',
});
const open = async () => {
  const files = new SealedFiles(disk.path('camera.journal'), keptLog());
  await files.open();
  return files;
};
const seal = async (files: SealedFiles, ...numbers: number[]) => {
  for (const n of numbers) {
    files.add(file(n));
    await files.store([file(n)]);
  }
};
const known = (files: SealedFiles) => [1, 2, 3, 4, 5].filter((n) => files.has(file(n)));

describe.skipIf(!isPermitted)(`a real tmpfs${isPermitted ? '' : ' (skipped: mounting is not permitted here)'}`, () => {
  beforeEach(() => {
    disk = SmallDisk.mount();
  });
  afterEach(() => disk.remove());

  it.each(['ENOSPC', 'EROFS'] as const)(
    'with %s: what is sealed is known, and is on the disk when it is well',
    async (code) => {
      const files = await open();
      await seal(files, 1);
      const mend = disk.fail(code);
      // What is left of the last page may still take some.
      for (let n = 0; files.trouble === undefined && n < 1_000; n++) await seal(files, 2);
      expect(files.trouble).toContain(code);
      await seal(files, 3);
      expect(known(files)).toEqual([1, 2, 3]);
      // A crash now would have it seal files again; none that is not sealed is taken for sealed.
      const crashed = await open();
      expect(known(crashed).filter((n) => ![1, 2].includes(n))).toEqual([]);
      expect(crashed.has(file(1))).toBe(true);

      mend();
      await files.write(true);
      expect(files.trouble).toBeUndefined();
      await seal(files, 4);
      expect(known(await open())).toEqual([1, 2, 3, 4]);
    },
  );

  it.each(['ENOSPC', 'EROFS'] as const)('with %s at the start is begun with all the same', async (code) => {
    await seal(await open(), 1);
    const mend = disk.fail(code);
    const files = await open();
    expect(files.trouble).toContain(code);
    await seal(files, 2);
    mend();
    await files.write(true);
    expect(known(await open())).toEqual([1, 2]);
  });
});
