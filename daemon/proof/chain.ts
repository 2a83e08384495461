import { toBase64url } from './base64url.ts';
import { equalBytes } from './cbor.ts';
import type { Reason } from './reasons.ts';

/** The last proof of a chain. */
export interface ChainHead {
  /** 16 random bytes, made when the chain began or its state was lost. */
  readonly epoch: Uint8Array;
  readonly seq: number;
  /** What the next proof's `prev` names. */
  readonly digest: Uint8Array;
}

/** Where a chain stands: its last proof, or an epoch that has none yet. */
export type ChainStart = ChainHead | { readonly epoch: Uint8Array };

/** A proof as a link of its chain. */
export interface ChainLink extends ChainHead {
  readonly prev: Uint8Array;
}

/** What is known of one device's chain. */
export interface ChainKnowledge {
  /** Whether any proof of the device, of whatever epoch, is known. */
  readonly begun: boolean;
  /** The known proof at a place. */
  at(epoch: Uint8Array, seq: number): { readonly digest: Uint8Array; readonly prev: Uint8Array } | undefined;
  /** Whether any proof of the epoch is known. */
  knows(epoch: Uint8Array): boolean;
}

/**
 * Holds a link against what is known of its chain. None: it continues the chain, begins it, or fills a gap rightly.
 * `duplicate`: known already, with this digest. `equivocation`: another digest is known at its place, or a neighbour
 * says so. `gap`: the one before it is not known. `restart`: the device began another epoch.
 */
export function judgeLink(link: ChainLink, known: ChainKnowledge): Reason[] {
  const same = known.at(link.epoch, link.seq);
  if (same !== undefined) return [equalBytes(same.digest, link.digest) ? 'duplicate' : 'equivocation'];
  const reasons: Reason[] = [];
  if (known.begun && !known.knows(link.epoch)) reasons.push('restart');
  const next = known.at(link.epoch, link.seq + 1);
  if (next !== undefined && !equalBytes(next.prev, link.digest)) reasons.push('equivocation');
  if (link.seq === 0) return reasons;
  const before = known.at(link.epoch, link.seq - 1);
  if (before === undefined) reasons.push('gap');
  else if (!equalBytes(before.digest, link.prev)) reasons.push('chain');
  return reasons;
}

/** Judges the proofs of one device one after the other and remembers them. Proofs that are not linked are not kept. */
export class ChainVerifier implements ChainKnowledge {
  readonly #links = new Map<string, ChainLink>();
  readonly #epochs = new Set<string>();

  get begun(): boolean {
    return this.#links.size > 0;
  }

  at(epoch: Uint8Array, seq: number): ChainLink | undefined {
    return this.#links.get(`${toBase64url(epoch)}.${seq}`);
  }

  knows(epoch: Uint8Array): boolean {
    return this.#epochs.has(toBase64url(epoch));
  }

  /** Judges a link as `judgeLink` does, then keeps it unless its place is taken or it contradicts its neighbours. */
  add(link: ChainLink): Reason[] {
    const reasons = judgeLink(link, this);
    if (reasons.some((reason) => reason === 'duplicate' || reason === 'equivocation' || reason === 'chain'))
      return reasons;
    const { epoch, seq, digest, prev } = link;
    this.#links.set(`${toBase64url(epoch)}.${seq}`, { epoch, seq, digest, prev });
    this.#epochs.add(toBase64url(epoch));
    return reasons;
  }
}

/** A proof's place in its chain. */
export function linkOf(proof: { readonly digest: Uint8Array; readonly payload: Omit<ChainLink, 'digest'> }): ChainLink {
  const { epoch, seq, prev } = proof.payload;
  return { epoch, seq, prev, digest: proof.digest };
}
