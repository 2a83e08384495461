import { type Loss, MAX_LOSSES } from '../proof/index.ts';
import { hex } from './entry.ts';

/** Ranges of proofs that are named each for itself, at most; beyond it the earliest are counted and named no more. */
const MAX_RANGES = 256;
/** Losses of one proof at most: what is left comes with the next. Room is kept for what the sealer adds. */
export const MAX_DECLARED = MAX_LOSSES / 2;

/**
 * Losses that no stored proof declares yet, added up: one record a reason and range of proofs for those with a count, one a reason
 * for those that nobody could count. So a daemon that is offline for a month still fits what it dropped into its next proofs. A
 * value: it never changes.
 */
export class PendingLosses {
  readonly all: readonly Loss[];

  constructor(losses: readonly Loss[] = []) {
    this.all = losses;
  }

  plus(added: readonly Loss[]): PendingLosses {
    let { all } = this;
    for (const loss of added) {
      const same = all.find((one) => isSame(one, loss) && (loss.proofs === undefined || precedes(one, loss)));
      const sum = same === undefined ? loss : add(same, loss);
      all = same === undefined ? [...all, sum] : all.map((one) => (one === same ? sum : one));
    }
    return new PendingLosses(bounded(all));
  }

  /** Takes away what a stored proof declares. What was added since the declaration was drawn up stays. */
  minus(declared: readonly Loss[]): PendingLosses {
    let { all } = this;
    for (const loss of declared) {
      const same = all.find((one) => isSame(one, loss) && one.proofs?.first === loss.proofs?.first);
      if (same === undefined) continue;
      const rest = subtract(same, loss);
      all = all.flatMap((one) => (one === same ? rest : [one]));
    }
    return new PendingLosses(all);
  }
}

/** Whether two losses are of a kind that adds up. */
function isSame(one: Loss, other: Loss): boolean {
  if (one.reason !== other.reason || (one.count === 0) !== (other.count === 0)) return false;
  if (one.proofs === undefined || other.proofs === undefined) return one.proofs === other.proofs;
  return hex(one.proofs.epoch) === hex(other.proofs.epoch);
}

const precedes = (one: Loss, other: Loss): boolean =>
  one.proofs !== undefined && other.proofs !== undefined && one.proofs.last + 1 === other.proofs.first;

function add(one: Loss, other: Loss): Loss {
  const proofs = one.proofs && other.proofs && { ...one.proofs, last: other.proofs.last };
  return {
    reason: one.reason,
    count: one.count + other.count,
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
    ...(proofs && { proofs }),
  };
}

/** What is left of a loss when a part of it, which came first, is declared. */
function subtract(whole: Loss, part: Loss): Loss[] {
  const count = whole.count - part.count;
  if (whole.proofs !== undefined && part.proofs !== undefined) {
    if (part.proofs.last >= whole.proofs.last) return [];
    return [{ ...whole, count, proofs: { ...whole.proofs, first: part.proofs.last + 1 } }];
  }
  const grew = whole.count === 0 ? whole.from < part.from || whole.to > part.to : count > 0;
  return grew ? [{ ...whole, count }] : [];
}

function bounded(all: readonly Loss[]): readonly Loss[] {
  const ranges = all.filter(({ proofs }) => proofs !== undefined);
  const [first] = ranges;
  if (ranges.length <= MAX_RANGES || first === undefined) return all;
  const { proofs: _, ...counted } = first;
  return new PendingLosses(all.filter((one) => one !== first)).plus([counted]).all;
}
