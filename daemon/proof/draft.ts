import { primitives } from '#crypto';
import type { Reading } from '../readings/index.ts';
import { encodeBlock } from './block/index.ts';
import { encodeCbor } from './cbor.ts';
import { CborWriter } from './cbor-writer.ts';
import type { ChainHead, ChainStart } from './chain.ts';
import { draftSign1 } from './cose.ts';
import { thumbprint } from './key.ts';
import { hashLeaves } from './leaves.ts';
import { MAX_LOSSES, MAX_MESSAGE, MAX_READINGS, MAX_SOURCES, MAX_TIME } from './limits.ts';
import type { Loss } from './losses.ts';
import { merkleRoot } from './merkle.ts';
import { type ClockState, encodePayload, type ProofSource, type Software } from './payload.ts';
import { ProofError } from './reasons.ts';
import type { PublicKey } from './signature.ts';

export const PROOF_TYPE = 'application/fieldseal-batch+cbor';

/** What a proof is made of. */
export interface ProofInput {
  readonly publicKey: PublicKey;
  /** The chain's last proof, or the epoch that begins with this one. */
  readonly previous: ChainStart;
  readonly readings: readonly Reading[];
  /** Every source that a reading may name; those that none does are left out of the proof. */
  readonly sources: readonly ProofSource[];
  readonly clock: ClockState;
  readonly losses: readonly Loss[];
  readonly nonce?: Uint8Array;
  readonly software: Software;
  /** Stands for the time of the first and last reading where there is none. Milliseconds since the Unix epoch. */
  readonly now: number;
  /** 32 bytes that the salts are made of; random unless given. */
  readonly secret?: Uint8Array;
}

/** A proof that lacks its signature alone. */
export interface ProofDraft {
  /** The 32 bytes to sign. */
  readonly digest: Uint8Array;
  /** Where the chain stands with this proof. */
  readonly head: ChainHead;
  /** Adds the signature, 64 bytes r||s with low S: the MQTT payload. */
  finish(signature: Uint8Array): Uint8Array;
}

/** Room that the rest of a message needs beside payload and block: headers, key id, signature. */
const ENVELOPE = 256;

/**
 * Lays out a proof of the readings, in their order. Throws ProofError `size` where the message would pass MAX_MESSAGE,
 * or a count its limit: seal fewer readings. A reading of a source not listed, or with a field that is no integer, is a
 * bug.
 */
export function draftProof(input: ProofInput): ProofDraft {
  const { readings } = input;
  if (readings.length > MAX_READINGS) throw new ProofError('size', `more than ${MAX_READINGS} readings`);
  if (input.losses.length > MAX_LOSSES) throw new ProofError('size', `more than ${MAX_LOSSES} losses`);
  const undated = readings.find(({ t }) => !(t >= 0 && t <= MAX_TIME));
  if (undated !== undefined) throw new RangeError(`a ${undated.kind} of the time ${undated.t}`);
  const used = new Set(readings.map(({ source }) => source));
  const sources = input.sources.filter(({ source }) => used.has(source));
  if (sources.length > MAX_SOURCES) throw new ProofError('size', `more than ${MAX_SOURCES} sources`);
  const sourceIndex = indexOfSource(sources);
  const secret = input.secret ?? primitives.randomBytes(32);
  const { epoch, seq, prev } = place(input.previous);
  const payload = encodePayload({
    epoch,
    seq,
    prev,
    size: readings.length,
    root: merkleRoot(hashLeaves(readings, sourceIndex, secret)),
    first: readings[0]?.t ?? input.now,
    last: readings.at(-1)?.t ?? input.now,
    clock: input.clock,
    ...(input.nonce === undefined ? {} : { nonce: input.nonce }),
    losses: input.losses,
    sources,
    software: input.software,
  });
  const block = encodeCbor(encodeBlock(readings, sourceIndex, secret));
  if (payload.length + block.length + ENVELOPE > MAX_MESSAGE) {
    throw new ProofError('size', `${readings.length} readings do not fit a message of ${MAX_MESSAGE} bytes`);
  }
  const { publicKey } = input;
  const cose = draftSign1(publicKey.algorithm, PROOF_TYPE, thumbprint(publicKey), payload);
  return {
    digest: cose.digest,
    head: { epoch, seq, digest: cose.digest },
    finish(signature) {
      const writer = new CborWriter(payload.length + block.length + ENVELOPE);
      writer.bytes(cose.finish(signature));
      writer.bytes(block);
      return writer.take();
    },
  };
}

function place(previous: ProofInput['previous']): { epoch: Uint8Array; seq: number; prev: Uint8Array } {
  if (!('seq' in previous)) return { epoch: previous.epoch, seq: 0, prev: new Uint8Array(32) };
  return { epoch: previous.epoch, seq: previous.seq + 1, prev: previous.digest };
}

/** Looks up a source's place in the proof's list. A source that is not listed is a bug of the caller. */
export function indexOfSource(sources: readonly ProofSource[]): (source: string) => number {
  const places = new Map(sources.map(({ source }, index) => [source, index]));
  return (source) => {
    const index = places.get(source);
    if (index === undefined) throw new RangeError(`the source ${source} is not among the proof's sources`);
    return index;
  };
}
