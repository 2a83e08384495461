import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of consecutive raw bytes of one source. */
export interface Segment {
  readonly path: string;
  /** Offset of its first byte. */
  readonly from: number;
  readonly size: number;
}

const NAME = /^(\d{16})\.bin$/;

/** The name says where the bytes belong, so that segments sort and none needs an index. */
export const segmentName = (from: number): string => `${String(from).padStart(16, '0')}.bin`;

/** The segments of a folder in the order of their bytes; none where there is no such folder. Other files are passed over. */
export async function listSegments(folder: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of (await namesIn(folder)).sort()) {
    const digits = NAME.exec(name)?.[1];
    if (digits === undefined) continue;
    const path = join(folder, name);
    segments.push({ path, from: Number(digits), size: (await stat(path)).size });
  }
  return segments;
}

/** The bytes from one offset up to another, in order; undefined where some of them are not there (any more). */
export function readRange(
  segments: readonly Segment[],
  from: number,
  to: number,
): AsyncIterable<Uint8Array> | undefined {
  const parts: { path: string; start: number; end: number }[] = [];
  let at = from;
  while (at < to) {
    const holder = segments.find((segment) => segment.from <= at && at < segment.from + segment.size);
    if (holder === undefined) return undefined;
    const end = Math.min(to, holder.from + holder.size);
    parts.push({ path: holder.path, start: at - holder.from, end: end - holder.from });
    at = end;
  }
  return joined(parts);
}

async function* joined(parts: readonly { path: string; start: number; end: number }[]): AsyncIterable<Uint8Array> {
  for (const { path, start, end } of parts) yield* createReadStream(path, { start, end: end - 1 });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
