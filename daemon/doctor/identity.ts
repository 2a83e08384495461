import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The id of the device that an outbox folder belongs to; undefined where it is nobody's yet, or can't be read. */
export async function readIdentity(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, 'identity'), 'utf8').catch(() => '');
  return /^[A-Za-z0-9_-]{43}$/.test(text.trim()) ? text.trim() : undefined;
}
