import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const READ_SIZE = 256 * 1024;

/** SHA-256 of an open file from its start, read piece by piece. @throws the system's error, or an AbortError */
export async function hashFile(file: FileHandle, signal?: AbortSignal): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, READ_SIZE, position);
    if (bytesRead === 0) return new Uint8Array(hash.digest());
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
