import type { FileHandle } from 'node:fs/promises';
import { CAPTURE_MAGIC_LENGTH, CaptureDecoder, isCapture } from './capture-file.ts';

/** A piece of a recording. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly peer?: string;
  /** ms after the beginning at which it is due */
  readonly dueMs: number;
}

/** How fast a recording is played: at so many bytes a second, at so many times the recorded speed, or as fast as it is taken. */
export type Pace = { readonly bytesPerSecond: number } | { readonly speed: number } | 'unpaced';

const BLOCK = 65_536;
/** A paced file of plain bytes comes in pieces of about so long. */
const PIECE_MS = 20;

/** Whether a file is a recording with timings. */
export async function isCaptureFile(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(CAPTURE_MAGIC_LENGTH), 0, CAPTURE_MAGIC_LENGTH, 0);
  return isCapture(buffer.subarray(0, bytesRead));
}

/** The pieces of a file, from its beginning. Plain bytes have no recorded speed: they come as if unpaced then. */
export async function* pieces(file: FileHandle, timed: boolean, pace: Pace): AsyncGenerator<Piece> {
  const rate = typeof pace === 'object' && 'bytesPerSecond' in pace ? pace.bytesPerSecond : Infinity;
  const speed = typeof pace === 'object' && 'speed' in pace ? pace.speed : Infinity;
  const decoder = timed ? new CaptureDecoder() : undefined;
  const size = timed ? BLOCK : Math.min(BLOCK, Math.max(1, Math.floor((rate * PIECE_MS) / 1_000)));
  let played = 0;
  let position = 0;
  while (decoder?.damaged !== true) {
    const { buffer, bytesRead } = await file.read(new Uint8Array(size), 0, size, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const block = buffer.subarray(0, bytesRead);
    for (const { atMs, ...piece } of decoder?.push(block) ?? [{ atMs: 0, bytes: block }]) {
      played += piece.bytes.length;
      yield { ...piece, dueMs: Math.max((played * 1_000) / rate, atMs / speed) };
    }
  }
}
