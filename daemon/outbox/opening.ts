import { join } from 'node:path';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ChainHead, kidFromText, type Loss } from '../proof/index.ts';
import { type Books, STATE_FILE } from './books.ts';
import type { Entries } from './entries.ts';
import type { OutboxEntry } from './entry.ts';
import type { Lock } from './lock.ts';
import type { Spool } from './spool.ts';
import { decodeState } from './state.ts';

/** What the outbox found when it was opened. */
export interface OutboxOpening {
  /** The chain's last proof; undefined where the next proof has to begin an epoch. */
  readonly head: ChainHead | undefined;
  /** Every reading up to this position is sealed already, or declared lost. */
  readonly position: number;
  /** The state of an earlier chain was lost. The outbox has noted the loss. */
  readonly chainLost: boolean;
  /** The last run did not close the outbox. The outbox has noted the loss. */
  readonly unclean: boolean;
  /** When the last proof was stored, ms since the Unix epoch, as far as is known. */
  readonly lastWritten: number | undefined;
}

export const OWNER_FILE = 'identity';

/**
 * Whether the folder says already that it is this device's. A token that holds another key must neither go on with its chain nor
 * begin one here, unless an operator gives it a folder of its own. What is no device id, as a file that a failing disk has
 * garbled, is to be written anew.
 *
 * @throws FieldsealError KEY_CHANGED where the folder is another device's
 */
export async function isOwned(
  spool: Spool,
  { owner, directory, lock }: { owner: string | undefined; directory: string; lock: Lock },
): Promise<boolean> {
  if (owner === undefined) return true;
  const bytes = await spool.readRoot(OWNER_FILE);
  const known = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
  if (known === owner || kidFromText(known) === undefined) return known === owner;
  await lock.release();
  const place = join(directory, OWNER_FILE);
  throw new FieldsealError('KEY_CHANGED', { detail: `${owner} instead of ${known}`, place });
}

/** Reads what lies in the folder, and notes what the last run left unsaid. Writes nothing. */
export async function takeUp(
  spool: Spool,
  books: Books,
  entries: Entries,
  { log, now, keptUntil }: { log: Log; now: () => number; keptUntil?: number | undefined },
): Promise<OutboxOpening> {
  const found = await spool.list();
  if (found.foreign.length > 0)
    log.warn({ files: found.foreign.slice(0, 10) }, 'files in the spool that are no proofs');
  const bytes = await spool.readRoot(STATE_FILE);
  const state = bytes === undefined ? undefined : decodeState(bytes);
  const forgotten = state === undefined && (bytes !== undefined || !found.isEmpty);
  const gone = new Set(state?.departures.map(({ entry }) => entry.digest));
  const torn = state?.clean === true ? undefined : await tornOne(spool, found.last, state?.counter ?? -1);
  const whole = filtered(found.entries, ({ digest }) => digest !== torn?.digest);
  const seen = tapped(whole, (entry) => gone.has(entry.digest) || entries.add(entry));
  await books.resume(state, seen, found.retired);
  if (torn !== undefined) books.doom(torn);

  const lastWritten = books.last?.written;
  const unclean = state !== undefined && !state.clean;
  const from = Math.max(lastWritten ?? 0, state?.written ?? 0);
  const lossSince = (from: number): Omit<Loss, 'reason'> => ({
    count: 0,
    from: from > 0 ? from : now(),
    to: Math.max(from, now()),
  });
  if (forgotten) books.lose([{ reason: 'chain-lost', ...lossSince(from) }]);
  // What was read while the last proof was signed may be lost as well, where nothing was kept elsewhere.
  if (unclean) books.lose([{ reason: 'unclean-shutdown', ...lossSince(keptUntil ?? from) }]);
  books.chainLost ||= forgotten;
  books.touch();
  if (forgotten) log.warn({}, 'the state of the chain is lost: the next proof begins an epoch');
  if (unclean) log.warn({ lastWritten }, 'the last run did not end in good order');
  return { head: books.head, position: books.position, chainLost: books.chainLost, unclean, lastWritten };
}

/** The proof that was being stored when the last run broke off: nobody has seen it. */
async function tornOne(
  spool: Spool,
  last: OutboxEntry | undefined,
  recordedCounter: number,
): Promise<OutboxEntry | undefined> {
  if (last === undefined || last.counter <= recordedCounter) return undefined;
  return (await spool.isTorn(last)) ? last : undefined;
}

function* filtered<T>(items: Iterable<T>, isWanted: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (isWanted(item)) yield item;
}

/** The same items; `look` sees each of them first. */
function* tapped<T>(items: Iterable<T>, look: (item: T) => void): Iterable<T> {
  for (const item of items) {
    look(item);
    yield item;
  }
}
