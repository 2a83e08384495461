import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where recorded data lies that is not part of the project. */
export const CORPORA =
  process.env['FIELDSEAL_CORPORA'] ?? fileURLToPath(new URL('../../../../shared/corpora', import.meta.url));

export const hasCorpus = (name: string): boolean => existsSync(join(CORPORA, name));

/** A generator of 32-bit numbers (mulberry32), for damage that is the same at each run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export function randomBytes(length: number, seed: number): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length }, () => next() & 0xff);
}

/** A copy in which a share of the bytes is something else. */
export function damage(clean: Uint8Array, share: number, seed: number): Uint8Array {
  const next = random(seed);
  return Uint8Array.from(clean, (byte) => (next() / 0x1_0000_0000 < share ? byte ^ (1 + (next() % 255)) : byte));
}
