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
  #end = 0;
  #unsynced = 0;

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentBytes = Math.ceil(maxBytes / SEGMENTS);
  }

  /** Finds what is there; returns the offset after the last byte. @throws the system's error where it can't be read */
  async open(): Promise<number> {
    this.#segments = await listSegments(this.#folder);
    this.#end = this.#segments.reduce((end, { from, size }) => Math.max(end, from + size), 0);
    return this.#end;
  }

  /** Makes the folder, if need be. */
  async make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  /** The offset after the last byte that the system has taken. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that the system has taken since the last sync. */
  get unsynced(): number {
    return this.#unsynced;
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
    this.#unsynced = 0;
  }

  /** Something has failed: nobody knows how much of the segment went through, so nothing more is written to it or synced. */
  async abandon(): Promise<void> {
    this.#unsynced = 0;
    const last = this.#segments.at(-1);
    try {
      await this.close();
      if (last?.size !== 0) return;
      this.#segments.pop();
      await rm(last.path, { force: true });
    } catch (error) {
      // A disk that takes nothing need not even let go.
      if (!isSystemError(error)) throw error;
    }
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
      await this.sync();
      await this.close();
    }
    await this.make();
    const path = join(this.#folder, segmentName(offset));
    // A file that has failed once is not written to again, even if it has the same name.
    await rm(path, { force: true });
    this.#file = await open(path, 'wx', MODE);
    this.#segments = [...this.#segments.filter((segment) => segment.path !== path), { path, from: offset, size: 0 }];
    await syncFolder(this.#folder);
    return { file: this.#file, room: this.#segmentBytes };
  }

  #grow(bytes: number): void {
    const last = this.#segments.pop();
    if (last === undefined) return;
    const size = last.size + bytes;
    this.#segments.push({ ...last, size });
    this.#end = last.from + size;
    this.#unsynced += bytes;
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

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
