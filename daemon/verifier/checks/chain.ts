import { type ChainKnowledge, type ChainLink, judgeLink } from '../../proof/index.ts';
import { STAMP_LAG_MS } from './time.ts';

/** The device has signed two histories: two proofs at one place of the chain, or one that names another before it. */
export type Conflict = 'equivocation' | 'chain';

/**
 * Where a proof belongs in its chain. `known`: it is there already. `in-order`: the next one. `ahead`: its predecessors are
 * still to come. `late`: it fills a gap that was given up.
 */
export type Placement = 'known' | 'in-order' | 'ahead' | 'late' | Conflict;

/** Places a proof in a chain of which `next` is judged next, and `at` finds what is stored, held proofs too. */
export function placeInChain(link: ChainLink, next: number, at: ChainKnowledge['at']): Placement {
  for (const reason of judgeLink(link, { begun: true, knows: () => true, at })) {
    if (reason === 'duplicate') return 'known';
    if (reason === 'equivocation' || reason === 'chain') return reason;
  }
  if (link.seq === next) return 'in-order';
  return link.seq > next ? 'ahead' : 'late';
}

/** When a proof's readings were made, and by how good a clock. */
export interface Span {
  readonly first: number;
  readonly last: number;
  /** In ms; undefined where the clock knew no time. */
  readonly uncertainty: number | undefined;
}

/** Whether a proof's readings begin before those of the proof before it ended, by more than both clocks may be off. */
export function runsBackward(proof: Span, before: Span): boolean {
  if (proof.uncertainty === undefined || before.uncertainty === undefined) return false;
  return proof.first < before.last - STAMP_LAG_MS - proof.uncertainty - before.uncertainty;
}
