import type { OutboxConfig } from '../config/schema.ts';
import type { OutboxEntry } from './entry.ts';

/** A clock that shows an earlier time has not been set yet: nothing is judged old by it. */
const CLOCK_IS_SET = Date.UTC(2024, 0);

/** What has to go before a proof can come. */
export interface Room {
  readonly leaving: readonly OutboxEntry[];
  /** Whether there is room then; if not, the proof that comes has to go itself. */
  readonly fits: boolean;
}

/** Finds what is too old, and where the oldest are to go, as many of them as it takes to make room. */
export function findRoom(
  { maxAge, maxBytes, drop }: OutboxConfig,
  waiting: { readonly bytes: number; values(): Iterable<OutboxEntry> },
  coming: number,
  now: number,
): Room {
  const leaving: OutboxEntry[] = [];
  let total = waiting.bytes + coming;
  for (const entry of waiting.values()) {
    const old = entry.written >= CLOCK_IS_SET && entry.written < now - maxAge;
    if (!old && (drop === 'newest' || total <= maxBytes)) break;
    leaving.push(entry);
    total -= entry.bytes;
  }
  return { leaving, fits: drop === 'oldest' || total <= maxBytes };
}
