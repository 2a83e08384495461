import type { BigIntStats } from 'node:fs';

const LONGEST_CLIP_MS = 3_600_000;

/** What tells one state of a file from another without reading it. */
export interface FileMark {
  /** Path below the folder, with "/". */
  readonly name: string;
  readonly inode: string;
  readonly size: number;
  /** Modification time in nanoseconds, as decimal digits: two writes within a millisecond differ. */
  readonly modifiedNs: string;
}

/** A file as it was seen. */
export interface SeenFile extends FileMark {
  /** Milliseconds since the Unix epoch. */
  readonly modified: number;
  /** When its making began: its birth, but an hour before its end at most, for some cameras write into old files. */
  readonly born: number;
  /** When its name, its size or its content last changed. Nobody but the kernel sets it. */
  readonly changed: number;
  /** Birth time in nanoseconds: with the inode it names a file even while it grows. "0" where there is none. */
  readonly bornNs: string;
}

export function seenFile(name: string, stats: BigIntStats): SeenFile {
  const modified = Number(stats.mtimeMs);
  const born = Number(stats.birthtimeMs);
  return {
    name,
    inode: String(stats.ino),
    size: Number(stats.size),
    modifiedNs: String(stats.mtimeNs),
    modified,
    born: born > 0 && born < modified ? Math.max(born, modified - LONGEST_CLIP_MS) : modified,
    changed: Number(stats.ctimeMs),
    bornNs: String(stats.birthtimeNs),
  };
}

/** Whether nothing was written to the file between the two, whatever its name. */
export const isSameContent = (a: FileMark, b: FileMark): boolean =>
  a.inode === b.inode && a.size === b.size && a.modifiedNs === b.modifiedNs;

/** Whether it is one file, though it may have grown or been renamed. Inodes are used again; with the birth time they are not. */
export const isSameFile = (a: SeenFile, b: SeenFile): boolean =>
  isSameContent(a, b) || (a.inode === b.inode && a.bornNs === b.bornNs && a.bornNs !== '0');
