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

/**
 * Proofs of a chain held at most. What a broker can put out of order is far less; but a device whose proofs of a week still drain
 * sends fresh ones ahead of them, one a minute by default.
 */
const MAX_HELD = 16_384;

/** Losses by which proofs that were sealed never come, as far as their places are not named. */
const DECLARING: ReadonlySet<Loss['reason']> = new Set(['outbox-quota', 'outbox-corrupt', 'rejected']);

/**
 * Puts proofs into their chains and judges them in the order of the chain, whatever order they come in: one that is ahead of its
 * predecessors is held, without a receipt, until they have come or the gap is given up. Every method runs inside a write of the
 * ledger and returns the verdicts that it brought about.
 */
export class ChainKeeper {
  readonly #ledger: Ledger;
  readonly #maxHeld: number;

  constructor(ledger: Ledger, maxHeld = MAX_HELD) {
    this.#ledger = ledger;
    this.#maxHeld = maxHeld;
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
        return [
          ...this.#judgeNew(chain, signed),
          ...this.#advance({ ...chain, next: seq + 1 }, signed.received, 0),
          ...this.#takeDeclarations(signed, undefined),
        ];
      case 'late':
        return [...this.#judgeLate(chain, signed), ...this.#takeDeclarations(signed, undefined)];
      case 'ahead': {
        if (signed.contents?.fault !== undefined) return this.#judgeNew(chain, signed);
        this.#hold(chain, toNewProof(signed, undefined, contentsOf(signed).reasons));
        return this.#takeDeclarations(signed, chain);
      }
    }
  }

  /** Gives up the first gap of a chain: the proofs after it are judged, the first of them flagged `gap`. `now` in ms. */
  giveUpGap(chain: Chain, now: number): Outcome[] {
    const first = this.#ledger.proofs.firstHeld(chain.id);
    if (first === undefined) return [];
    this.#ledger.gaps.giveUp(chain.id, chain.next, first.seq - 1, first.id);
    const outcome = this.#judgeStored({ ...chain, next: first.seq }, first, ['gap'], chain.next === 0);
    return [outcome, ...this.#advance({ ...chain, next: first.seq + 1 }, now, 1)];
  }

  /** A proof that fills a gap which was given up. When nothing is missing in it any more, the flag goes that it was given for. */
  #judgeLate(chain: Chain, signed: SignedProof): Outcome[] {
    const outcomes = this.#judgeNew(chain, signed);
    const filled = this.#ledger.gaps.fill(chain.id, signed.proof.payload.seq);
    const after = filled === undefined ? undefined : this.#ledger.proofs.find(filled);
    if (after === undefined || after.verdict === 'rejected') return outcomes;
    const reasons = after.reasons.filter((reason) => reason !== 'gap');
    this.#ledger.proofs.judge(after.id, verdictOf(reasons), reasons);
    return outcomes;
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
    this.#hold(chain, toNewProof(signed, undefined, signed.contents.reasons));
    return [];
  }

  #hold(chain: Chain, proof: NewProof): void {
    this.#ledger.proofs.insert(chain.id, proof);
    this.#ledger.chains.hold(chain.id);
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

  /**
   * Judges the held proofs from `next` on, as far as they follow one another, and stores how far that was.
   *
   * @param judged how many held ones were judged already
   */
  #advance(chain: Chain, now: number, judged: number): Outcome[] {
    const outcomes: Outcome[] = [];
    let { next } = chain;
    for (let stored = this.#ledger.proofs.at(chain.id, next); stored !== undefined; ) {
      if (stored.verdict === undefined) outcomes.push(this.#judgeStored(chain, stored, [], false));
      next += 1;
      stored = this.#ledger.proofs.at(chain.id, next);
    }
    this.#ledger.chains.setNext(chain.id, next, judged + outcomes.length, now);
    return outcomes;
  }

  /**
   * Notes which proofs a device declares lost, of whatever epoch, and gives up the gaps that it will not fill.
   *
   * @param own the proof's chain, where the proof is held
   */
  #takeDeclarations({ device, proof, received }: SignedProof, own: Chain | undefined): Outcome[] {
    const { chains, gaps } = this.#ledger;
    const affected = new Map<number, Chain>();
    if (own !== undefined) affected.set(own.id, own);
    for (const { reason, proofs } of proof.payload.losses) {
      if (proofs === undefined) continue;
      gaps.declare(device.id, proofs, reason);
      const chain = chains.find(device.id, proofs.epoch);
      if (chain !== undefined) affected.set(chain.id, chain);
    }
    return [...affected.values()].flatMap((chain) => this.#giveUpLostGaps(chain, received));
  }

  /** What a device declares lost it will not send; nor is a chain waited for that holds too many. */
  #giveUpLostGaps(chain: Chain, now: number): Outcome[] {
    const { chains } = this.#ledger;
    const outcomes: Outcome[] = [];
    let current = chains.find(chain.device, chain.epoch) ?? chain;
    while (this.#isLost(current) || current.held > this.#maxHeld) {
      outcomes.push(...this.giveUpGap(current, now));
      current = chains.find(chain.device, chain.epoch) ?? current;
    }
    return outcomes;
  }

  /**
   * Whether the first gap of a chain will never be filled. A device drops in the order of the chain: where the proof right before
   * the first that is held is lost, so is what comes before it, or it comes late.
   */
  #isLost({ id, device, epoch, next }: Chain): boolean {
    const { gaps, proofs } = this.#ledger;
    const first = proofs.firstHeld(id);
    if (first === undefined || first.seq <= next) return false;
    if (gaps.isDeclared(device, epoch, first.seq - 1)) return true;
    return proofs.heldDeclaring(id, proofs.below(id, next)?.last ?? 0) !== undefined;
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
  const lost = losses.filter(({ reason, proofs }) => DECLARING.has(reason) && proofs === undefined);
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
