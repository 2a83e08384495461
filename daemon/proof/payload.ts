import { decodeCbor, encodeCbor } from './cbor.ts';
import type { CborMap, CborValue } from './cbor-value.ts';
import { MAX_LOSSES, MAX_READINGS, MAX_SOURCES, MAX_TIME } from './limits.ts';
import { LOSS_REASONS, type Loss, lossReasonByNumber, type ProofRange } from './losses.ts';
import { asBytes, asInt, asName, Members } from './members.ts';
import { ProofError } from './reasons.ts';

export const FORMAT_VERSION = 1;

/** How far the gateway's clock can be believed when the proof was sealed. */
export interface ClockState {
  readonly source: 'none' | 'rtc' | 'ntp' | 'gnss';
  readonly uncertaintyMs: number;
  /** 16 bytes that the kernel makes anew at each boot. */
  readonly bootId: Uint8Array;
  readonly sinceBootMs: number;
}

/** Where readings come from, and the profile that told how to read them. */
export interface ProofSource {
  readonly source: string;
  readonly profile: string;
  /** SHA-256 of the profile, 32 bytes. */
  readonly profileDigest: Uint8Array;
}

export interface Software {
  readonly name: string;
  readonly version: string;
}

/** What a proof's signature covers besides its key id: docs/proof-format.md, "Payload". */
export interface Payload {
  readonly epoch: Uint8Array;
  readonly seq: number;
  /** Digest of the proof before it; 32 zero bytes at seq 0. */
  readonly prev: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  /** Milliseconds since the Unix epoch of the first and the last reading, by the gateway's clock. */
  readonly first: number;
  readonly last: number;
  readonly clock: ClockState;
  /** The verifier's latest challenge, 16 bytes. */
  readonly nonce?: Uint8Array;
  readonly losses: readonly Loss[];
  readonly sources: readonly ProofSource[];
  readonly software: Software;
}

const CLOCK_SOURCES = ['none', 'rtc', 'ntp', 'gnss'] as const;

export function encodePayload(payload: Payload): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, FORMAT_VERSION],
    [2, payload.epoch],
    [3, payload.seq],
    [4, payload.prev],
    [5, payload.size],
    [6, payload.root],
    [7, payload.first],
    [8, payload.last],
    [9, clockToCbor(payload.clock)],
  ]);
  if (payload.nonce !== undefined) map.set(10, payload.nonce);
  if (payload.losses.length > 0) {
    map.set(11, payload.losses.map(lossToCbor));
  }
  map.set(
    12,
    payload.sources.map(({ source, profile, profileDigest }) => [source, profile, profileDigest]),
  );
  map.set(13, [payload.software.name, payload.software.version]);
  return encodeCbor(map);
}

/** Reads a payload strictly. Throws ProofError: `version`, `size`, `parse` or `canonical`. */
export function decodePayload(bytes: Uint8Array): Payload {
  const members = new Members(decodeCbor(bytes), 'the payload');
  const version = members.int(1);
  if (version !== FORMAT_VERSION) throw new ProofError('version', `format version ${version}, not ${FORMAT_VERSION}`);
  const payload: Payload = {
    epoch: members.bytes(2, 16),
    seq: members.int(3),
    prev: members.bytes(4, 32),
    size: members.int(5),
    root: members.bytes(6, 32),
    first: members.time(7),
    last: members.time(8),
    clock: clockFromCbor(members.take(9)),
    ...(members.has(10) ? { nonce: members.bytes(10, 16) } : {}),
    losses: members.has(11) ? lossesFromCbor(members.array(11, MAX_LOSSES)) : [],
    sources: members.array(12, MAX_SOURCES).map(sourceFromCbor),
    software: softwareFromCbor(members.take(13)),
  };
  members.end();
  if (payload.size > MAX_READINGS) throw new ProofError('size', `more than ${MAX_READINGS} readings`);
  if (payload.seq === 0 && payload.prev.some((byte) => byte !== 0)) {
    throw new ProofError('parse', 'the first proof of an epoch names one before it');
  }
  if (new Set(payload.sources.map(({ source }) => source)).size !== payload.sources.length) {
    throw new ProofError('parse', 'a source is listed twice');
  }
  return payload;
}

function clockToCbor(clock: ClockState): CborMap {
  return new Map<number, CborValue>([
    [1, CLOCK_SOURCES.indexOf(clock.source)],
    [2, clock.uncertaintyMs],
    [3, clock.bootId],
    [4, clock.sinceBootMs],
  ]);
}

function clockFromCbor(value: CborValue): ClockState {
  const members = new Members(value, 'the clock');
  const source = CLOCK_SOURCES[members.int(1, CLOCK_SOURCES.length - 1)] ?? 'none';
  const clock = { source, uncertaintyMs: members.int(2), bootId: members.bytes(3, 16), sinceBootMs: members.int(4) };
  members.end();
  return clock;
}

/** An empty list has one encoding: no member 11 at all. */
function lossesFromCbor(values: readonly CborValue[]): Loss[] {
  if (values.length === 0) throw new ProofError('canonical', 'an empty list of losses');
  return values.map(lossFromCbor);
}

function lossToCbor({ reason, count, from, to, proofs }: Loss): CborValue {
  const loss: CborValue[] = [LOSS_REASONS[reason], count, from, to];
  if (proofs !== undefined) loss.push([proofs.epoch, proofs.first, proofs.last]);
  return loss;
}

function lossFromCbor(value: CborValue): Loss {
  const namesProofs = Array.isArray(value) && value.length === 5;
  const [number, count, from, to, proofs] = tuple(value, 'a loss', namesProofs ? 5 : 4);
  const reason = lossReasonByNumber(asInt(number, 'a loss reason'));
  if (reason === undefined) throw new ProofError('parse', 'a loss reason of no known meaning');
  return {
    reason,
    count: asInt(count, 'a loss count'),
    from: asInt(from, 'a loss begin', MAX_TIME),
    to: asInt(to, 'a loss end', MAX_TIME),
    ...(proofs === undefined ? {} : { proofs: rangeFromCbor(proofs) }),
  };
}

function rangeFromCbor(value: CborValue): ProofRange {
  const [epoch, from, to] = tuple(value, 'a range of proofs', 3);
  const first = asInt(from, 'the first proof of a range');
  const last = asInt(to, 'the last proof of a range', Number.MAX_SAFE_INTEGER, first);
  return { epoch: asBytes(epoch, 'the epoch of a range', 16), first, last };
}

function sourceFromCbor(value: CborValue): ProofSource {
  const [source, profile, digest] = tuple(value, 'a source', 3);
  return {
    source: asName(source, 'a source name'),
    profile: asName(profile, 'a profile name'),
    profileDigest: asBytes(digest, 'a profile digest', 32),
  };
}

export function softwareFromCbor(value: CborValue): Software {
  const [name, version] = tuple(value, 'the software', 2);
  return { name: asName(name, 'the software name'), version: asName(version, 'the software version') };
}

export function tuple(value: CborValue, what: string, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new ProofError('parse', `${what} is not an array of ${length}`);
  }
  return value;
}
