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

/** All that a file's name tells. */
export interface NamedFacts extends EntryFacts {
  /** Size of the message. */
  readonly bytes: number;
  /** CRC-32 of the message. */
  readonly crc: number;
  /** Hexadecimal, as the digest. */
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
}

/**
 * A proof that waits for its receipt. Its file's name carries all of this, so that the outbox opens by reading a folder
 * and not the proofs in it, and so that what is read later can be held against it.
 */
export interface OutboxEntry extends NamedFacts {
  /** The file's name in the spool folder. Names sort in the order in which the proofs were made. */
  readonly name: string;
}

const NAME = /^(\d{12})-(\d{14})-(\d{14})-([0-3])-(\d{6})-([0-9a-f]{8})-([0-9a-f]{32})-(\d{10})-([0-9a-f]{64})\.cose$/;
const DECLARES = 1;
const ASIDE = 2;

/** @throws RangeError where a number has more digits than the name has room for */
export function newEntry(facts: EntryFacts, message: Uint8Array, head: ChainHead): OutboxEntry {
  const named = {
    ...facts,
    bytes: message.length,
    crc: crc32(message),
    epoch: hex(head.epoch),
    seq: head.seq,
    digest: hex(head.digest),
  };
  const name = nameOf(named);
  if (!NAME.test(name)) throw new RangeError(`no place in the outbox can be named ${name}`);
  return { ...named, name };
}

/** The name of a proof's file. */
export function nameOf(facts: NamedFacts): string {
  const flags = (facts.declares ? DECLARES : 0) + (facts.aside ? ASIDE : 0);
  const place = `${decimal(facts.counter, 12)}-${decimal(facts.written, 14)}-${decimal(facts.position, 14)}-${flags}`;
  const message = `${decimal(facts.bytes, 6)}-${facts.crc.toString(16).padStart(8, '0')}`;
  return `${place}-${message}-${facts.epoch}-${decimal(facts.seq, 10)}-${facts.digest}.cose`;
}

/** Reads an entry from a file's name; undefined for a file that is none of ours. */
export function entryOfName(name: string): OutboxEntry | undefined {
  const parts = NAME.exec(name);
  if (parts === null) return undefined;
  const [, counter, written, position, flags, bytes, crc = '', epoch = '', seq, digest = ''] = parts;
  return {
    name,
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
