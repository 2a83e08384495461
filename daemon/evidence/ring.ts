import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../files.ts';
import { listSegments, type Segment, segmentName } from './segments.ts';

/** Into how many files a full ring is cut: so much of it goes at once when room is needed. */
const SEGMENTS = 16;
const MODE = 0o640;

/** The last bytes of a source on disk, as segment files named by their offset; the oldest go when the room is used up. */
export class SegmentRing {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  #segments: Segment[] = [];
  #file: FileHandle | undefined;

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentBytes = Math.ceil(maxBytes / SEGMENTS);
  }

  /** Finds what is there; returns the offset after the last byte. */
  async open(): Promise<number> {
    await mkdir(this.#folder, { recursive: true });
    this.#segments = await listSegments(this.#folder);
    return this.#segments.reduce((end, { from, size }) => Math.max(end, from + size), 0);
  }

  /** Appends bytes that belong at `offset`: where that is not the end of the last segment, a new one begins. */
  async append(offset: number, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const { file, room } = await this.#fileFor(offset + start);
      const piece = bytes.subarray(start, start + room);
      await this.#makeRoom(piece.length);
      const { bytesWritten } = await file.write(piece);
      this.#grow(bytesWritten);
      start += bytesWritten;
    }
  }

  /** Makes what was appended durable. */
  async sync(): Promise<void> {
    await this.#file?.datasync();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #fileFor(offset: number): Promise<{ file: FileHandle; room: number }> {
    const last = this.#segments.at(-1);
    if (this.#file !== undefined && last !== undefined) {
      const room = this.#segmentBytes - last.size;
      if (last.from + last.size === offset && room > 0) return { file: this.#file, room };
      await this.#file.datasync();
      await this.close();
    }
    const path = join(this.#folder, segmentName(offset));
    this.#file = await open(path, 'w', MODE);
    this.#segments = [...this.#segments.filter((segment) => segment.path !== path), { path, from: offset, size: 0 }];
    await syncFolder(this.#folder);
    return { file: this.#file, room: this.#segmentBytes };
  }

  #grow(bytes: number): void {
    const last = this.#segments.pop();
    if (last !== undefined) this.#segments.push({ ...last, size: last.size + bytes });
  }

  /** Deletes the oldest segments, never the one that is written. */
  async #makeRoom(bytes: number): Promise<void> {
    let total = this.#segments.reduce((sum, { size }) => sum + size, bytes);
    while (total > this.#maxBytes && this.#segments.length > 1) {
      const [oldest, ...others] = this.#segments;
      if (oldest === undefined) return;
      await rm(oldest.path, { force: true });
      this.#segments = others;
      total -= oldest.size;
    }
  }
}
