import { createHash } from 'node:crypto';
import { z } from 'zod';
import { LOSS_REASONS, type Loss, type LossReason } from '../proof/index.ts';
import { entryOfName, fromHex, hex, nameOf, type OutboxEntry } from './entry.ts';

/** A proof that is counted as gone already, whose file may still have to follow. */
export interface Departure {
  readonly entry: OutboxEntry;
  readonly to: 'nowhere' | 'quarantine';
}

/** What the outbox knows beyond the files in its spool. */
export interface OutboxState {
  /** A proof such that none of the chain was stored after it but those in the spool; undefined before the first. */
  readonly last: OutboxEntry | undefined;
  /** Earlier state was lost, so `last` may not be the end of the chain: the next proof begins an epoch. */
  readonly chainLost: boolean;
  /** Highest counter that was given out. What proofs up to it declare is no longer among `losses`. */
  readonly counter: number;
  /** Every reading up to this position was sealed, or is among the losses. */
  readonly position: number;
  /** Losses that no stored proof declares yet. */
  readonly losses: readonly Loss[];
  readonly departures: readonly Departure[];
  /** The last run ended in good order. */
  readonly clean: boolean;
  /** When this was written, ms since the Unix epoch. */
  readonly written: number;
}

const isLossReason = (text: string): text is LossReason => Object.hasOwn(LOSS_REASONS, text);
const time = z.int().nonnegative();
const entry = z.string().transform((name, context) => {
  const parsed = entryOfName(name);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'not the name of a proof' });
  return z.NEVER;
});
const range = z
  .strictObject({
    epoch: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .transform(fromHex),
    first: z.int().nonnegative(),
    last: z.int().nonnegative(),
  })
  .refine(({ first, last }) => first <= last);
const schema = z.strictObject({
  version: z.literal(2),
  last: entry.optional(),
  chainLost: z.boolean(),
  counter: z.int().min(-1),
  position: z.int().nonnegative(),
  losses: z.array(
    z.strictObject({
      reason: z.string().refine(isLossReason),
      count: z.int().nonnegative(),
      from: time,
      to: time,
      proofs: range.exactOptional(),
    }),
  ),
  departures: z.array(z.strictObject({ entry, to: z.enum(['nowhere', 'quarantine']) })),
  clean: z.boolean(),
  written: time,
});

/** One line of JSON and one with its SHA-256. */
export function encodeState(state: OutboxState): Uint8Array {
  const { last, losses, departures, ...rest } = state;
  const json = JSON.stringify({
    version: 2,
    ...(last === undefined ? {} : { last: nameOf(last) }),
    ...rest,
    losses: losses.map(({ proofs, ...loss }) => ({
      ...loss,
      ...(proofs && { proofs: { ...proofs, epoch: hex(proofs.epoch) } }),
    })),
    departures: departures.map((departure) => ({ entry: nameOf(departure.entry), to: departure.to })),
  });
  return Buffer.from(`${json}\n${digestOf(json)}\n`);
}

/** Reads the state back; undefined for anything but the very bytes that were written. */
export function decodeState(bytes: Uint8Array): OutboxState | undefined {
  const [json = '', digest, rest] = Buffer.from(bytes).toString('utf8').split('\n');
  if (digest !== digestOf(json) || rest !== '') return undefined;
  const { success, data } = schema.safeParse(JSON.parse(json));
  if (!success) return undefined;
  const { version: _, last, ...state } = data;
  return { ...state, last };
}

const digestOf = (json: string): string => createHash('sha256').update(json).digest('hex');
