import { crc32 } from 'node:zlib';
import type { ChainHead } from '../proof/index.ts';

/** What a proof tells the outbox beyond its bytes and its place in the chain. */
export interface EntryFacts {
  /** Place in the order in which proofs were made; it outlasts restarts and epochs. */
  readonly counter: number;
  /** When it was stored, ms since the Unix epoch. */
  readonly written: number;
  /** Position of the last reading that is sealed with it, see `SealedAt`. */
  readonly position: number;
  /** It declares losses. */
  readonly declares: boolean;
  /** It was made while the disk failed, in an epoch of its own: no proof follows it in this folder's chain. */
  readonly aside: boolean;
}

/**
 * A proof that waits for its receipt. Its file's name carries all of this, so that the outbox opens by reading a folder
 * and not the proofs in it, and so that what is read later can be held against it.
 */
export interface OutboxEntry extends EntryFacts {
  /** Size of the message. */
  readonly bytes: number;
  /** CRC-32 of the message. */
  readonly crc: number;
  /** Hexadecimal, as the digest. */
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
}

const NAME = /^(\d{12})-(\d{14})-(\d{14})-([0-3])-(\d{6})-([0-9a-f]{8})-([0-9a-f]{32})-(\d{10})-([0-9a-f]{64})\.cose$/;
const DECLARES = 1;
const ASIDE = 2;

/** @throws RangeError where a number has more digits than the name has room for */
export function newEntry(facts: EntryFacts, message: Uint8Array, head: ChainHead): OutboxEntry {
  const entry = {
    ...facts,
    bytes: message.length,
    crc: crc32(message),
    epoch: hex(head.epoch),
    seq: head.seq,
    digest: hex(head.digest),
  };
  if (!NAME.test(nameOf(entry))) throw new RangeError(`no place in the outbox can be named ${nameOf(entry)}`);
  return entry;
}

/** The name of a proof's file. Names sort in the order in which the proofs were made. */
export function nameOf(entry: OutboxEntry): string {
  const { counter, written, position, declares, aside, bytes, crc, epoch, seq, digest } = entry;
  const flags = (declares ? DECLARES : 0) + (aside ? ASIDE : 0);
  const made = `${decimal(counter, 12)}-${decimal(written, 14)}-${decimal(position, 14)}-${flags}`;
  const message = `${decimal(bytes, 6)}-${crc.toString(16).padStart(8, '0')}`;
  return `${made}-${message}-${epoch}-${decimal(seq, 10)}-${digest}.cose`;
}

/** Reads an entry from a file's name; undefined for a file that is none of ours. */
export function entryOfName(name: string): OutboxEntry | undefined {
  const parts = NAME.exec(name);
  if (parts === null) return undefined;
  const [, counter, written, position, flags, bytes, crc = '', epoch = '', seq, digest = ''] = parts;
  return {
    counter: Number(counter),
    written: Number(written),
    position: Number(position),
    declares: (Number(flags) & DECLARES) !== 0,
    aside: (Number(flags) & ASIDE) !== 0,
    bytes: Number(bytes),
    crc: Number.parseInt(crc, 16),
    epoch,
    seq: Number(seq),
    digest,
  };
}

export const isEntryName = (name: string): boolean => NAME.test(name);

/** Where the chain stands with this proof. */
export const headOf = ({ epoch, seq, digest }: OutboxEntry): ChainHead => ({
  epoch: fromHex(epoch),
  seq,
  digest: fromHex(digest),
});

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

const decimal = (value: number, digits: number): string => String(value).padStart(digits, '0');
