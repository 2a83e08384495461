import { type Loss, linkOf, type Proof, type Reason, type Verdict as ReceiptVerdict } from '../proof/index.ts';
import { type Conflict, placeInChain, runsBackward } from './checks/chain.ts';
import type { Contents } from './judge.ts';
import type { Chain } from './ledger/chains.ts';
import type { Device } from './ledger/devices.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { NewProof, StoredProof, Verdict } from './ledger/proofs.ts';

/** The verdict of a proof, as its receipt will say it. */
export interface Outcome {
  readonly kid: Uint8Array;
  readonly epoch: Uint8Array;
  readonly seq: number;
  readonly digest: Uint8Array;
  readonly verdict: ReceiptVerdict;
  readonly reasons: readonly Reason[];
  /** When the proof came, in ms. */
  readonly received: number;
}

/** A proof that its device has signed, with what was found in it. */
export interface SignedProof {
  readonly device: Device;
  readonly proof: Proof;
  readonly message: Uint8Array;
  readonly received: number;
  readonly contents: Contents | undefined;
}

/** Proofs of a chain held at most; a device's window, and so what a broker can put out of order, is smaller. */
export const MAX_HELD = 1_024;

/** Losses by which proofs that were sealed never come. */
const DECLARING: ReadonlySet<Loss['reason']> = new Set(['outbox-quota', 'outbox-corrupt', 'rejected']);

/**
 * Puts proofs into their chains and judges them in the order of the chain, whatever order they come in: one that is ahead of its
 * predecessors is held, without a receipt, until they have come or the gap is given up. Every method runs inside a write of the
 * ledger and returns the verdicts that it brought about.
 */
export class ChainKeeper {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Stores a signed proof. A known one is answered again with nothing stored. */
  enter(signed: SignedProof): Outcome[] {
    const { device, proof } = signed;
    const { chains, proofs } = this.#ledger;
    const chain = chains.find(device.id, proof.payload.epoch) ?? chains.open(device, proof.payload.epoch);
    const { seq } = proof.payload;
    const placement = placeInChain(linkOf(proof), chain.next, (_, place) => proofs.at(chain.id, place));
    switch (placement) {
      case 'known':
        return this.#again(chain, signed);
      case 'equivocation':
      case 'chain':
        return [this.#conflict(chain, signed, placement)];
      case 'in-order':
        return [...this.#judgeNew(chain, signed), ...this.#advance({ ...chain, next: seq + 1 })];
      case 'late':
        return this.#judgeNew(chain, signed);
      case 'ahead': {
        if (signed.contents?.fault !== undefined) return this.#judgeNew(chain, signed);
        proofs.insert(chain.id, toNewProof(signed, undefined, contentsOf(signed).reasons));
        return this.#giveUpDeclaredGaps(chain);
      }
    }
  }

  /** Gives up the first gap of a chain: the proofs after it are judged, the first of them flagged `gap`. */
  giveUpGap(chain: Chain): Outcome[] {
    const first = this.#ledger.proofs.firstHeld(chain.id);
    if (first === undefined) return [];
    const outcome = this.#judgeStored({ ...chain, next: first.seq }, first, ['gap'], chain.next === 0);
    return [outcome, ...this.#advance({ ...chain, next: first.seq + 1 })];
  }

  /** A proof that the ledger has: the former answer again, unless its readings could not be opened then and can be now. */
  #again(chain: Chain, signed: SignedProof): Outcome[] {
    const { proofs } = this.#ledger;
    const stored = proofs.at(chain.id, signed.proof.payload.seq);
    if (stored?.verdict === undefined) return [];
    if (stored.verdict !== 'rejected') return [outcomeOf(chain, stored, 'duplicate', stored.reasons)];
    if (signed.contents === undefined || signed.contents.fault !== undefined) {
      return [outcomeOf(chain, stored, 'rejected', stored.reasons)];
    }
    proofs.delete(stored.id);
    if (stored.seq < chain.next) return this.#judgeNew(chain, signed);
    proofs.insert(chain.id, toNewProof(signed, undefined, signed.contents.reasons));
    return [];
  }

  #conflict(chain: Chain, { device, proof, message, received }: SignedProof, reason: Conflict): Outcome {
    const { digest } = proof;
    const { seq } = proof.payload;
    this.#ledger.proofs.keepEquivocation(chain.id, { seq, digest, reason, received, message });
    this.#ledger.devices.markEquivocated(device.id, received);
    return outcomeOf(chain, { seq, digest, received }, 'rejected', [reason]);
  }

  /** Stores and judges in one: a proof whose place in the chain is certain. */
  #judgeNew(chain: Chain, signed: SignedProof): Outcome[] {
    const { seq } = signed.proof.payload;
    const { reasons, fault } = contentsOf(signed);
    const span = toNewProof(signed, undefined, reasons);
    const all = unique([...this.#chainReasons(chain, span, seq === 0), ...reasons]);
    const verdict = fault === undefined ? verdictOf(all) : 'rejected';
    this.#ledger.proofs.insert(chain.id, { ...span, verdict, reasons: all });
    return [outcomeOf(chain, span, verdict, all)];
  }

  #judgeStored(chain: Chain, stored: StoredProof, more: readonly Reason[], begins: boolean): Outcome {
    const reasons = unique([...this.#chainReasons(chain, stored, begins), ...more, ...stored.reasons]);
    const verdict = verdictOf(reasons);
    this.#ledger.proofs.judge(stored.id, verdict, reasons);
    return outcomeOf(chain, stored, verdict, reasons);
  }

  /** Judges the held proofs from `next` on, as far as they follow one another, and stores how far that was. */
  #advance(chain: Chain): Outcome[] {
    const outcomes: Outcome[] = [];
    let { next } = chain;
    for (let stored = this.#ledger.proofs.at(chain.id, next); stored !== undefined; ) {
      if (stored.verdict === undefined) outcomes.push(this.#judgeStored(chain, stored, [], false));
      next += 1;
      stored = this.#ledger.proofs.at(chain.id, next);
    }
    this.#ledger.chains.setNext(chain.id, next);
    return outcomes;
  }

  /** A device that declares proofs lost will not send them; nor is a chain waited for that holds too many. */
  #giveUpDeclaredGaps(chain: Chain): Outcome[] {
    const { chains, proofs } = this.#ledger;
    const outcomes: Outcome[] = [];
    let now = chain;
    const declared = ({ id, next }: Chain) => proofs.heldDeclaring(id, proofs.below(id, next)?.last ?? 0) !== undefined;
    while (declared(now) || chains.held(chain.id) > MAX_HELD) {
      outcomes.push(...this.giveUpGap(now));
      now = chains.find(chain.device, chain.epoch) ?? now;
    }
    return outcomes;
  }

  #chainReasons(chain: Chain, proof: NewProof | StoredProof, begins: boolean): Reason[] {
    const reasons: Reason[] = [];
    if (begins && chain.ordinal > 0) reasons.push('restart');
    const before = this.#ledger.proofs.below(chain.id, proof.seq);
    if (before !== undefined && runsBackward(proof, before)) reasons.push('time-order');
    return reasons;
  }
}

/** What was found in a proof. It is there for every proof that the ledger has not had yet. */
function contentsOf({ contents }: SignedProof): Contents {
  if (contents === undefined) throw new Error('a proof that the ledger does not have came without its contents');
  return contents;
}

const unique = (reasons: readonly Reason[]): Reason[] => [...new Set(reasons)];

const verdictOf = (reasons: readonly Reason[]): Verdict => (reasons.length === 0 ? 'accepted' : 'flagged');

function toNewProof(signed: SignedProof, verdict: Verdict | undefined, reasons: readonly Reason[]): NewProof {
  const { proof, message, received } = signed;
  const { seq, prev, first, last, clock, losses } = proof.payload;
  const contents = contentsOf(signed);
  const lost = losses.filter(({ reason }) => DECLARING.has(reason));
  return {
    seq,
    prev,
    digest: proof.digest,
    verdict,
    reasons,
    received,
    first,
    last,
    uncertainty: clock.source === 'none' ? undefined : clock.uncertaintyMs + contents.setBackMs,
    lostUntil: lost.length === 0 ? undefined : Math.max(...lost.map(({ to }) => to)),
    message,
    readings: contents.readings,
  };
}

const outcomeOf = (
  { kid, epoch }: Chain,
  { seq, digest, received }: Pick<StoredProof, 'seq' | 'digest' | 'received'>,
  verdict: ReceiptVerdict,
  reasons: readonly Reason[],
): Outcome => ({ kid, epoch, seq, digest, verdict, reasons, received });
