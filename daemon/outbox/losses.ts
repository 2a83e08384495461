import type { Loss } from '../proof/index.ts';

/**
 * Losses that no stored proof declares yet, added up: one record a reason for those with a count, one for those that nobody could
 * count. So a daemon that is offline for a month still fits what it dropped into its next proof. A value: it never changes.
 */
export class PendingLosses {
  readonly all: readonly Loss[];

  constructor(losses: readonly Loss[] = []) {
    this.all = losses;
  }

  plus(added: readonly Loss[]): PendingLosses {
    let { all } = this;
    for (const loss of added) {
      const same = findSame(all, loss);
      const sum = {
        reason: loss.reason,
        count: loss.count + (same?.count ?? 0),
        from: Math.min(loss.from, same?.from ?? loss.from),
        to: Math.max(loss.to, same?.to ?? loss.to),
      };
      all = same === undefined ? [...all, sum] : all.map((one) => (one === same ? sum : one));
    }
    return new PendingLosses(all);
  }

  /** Takes away what a stored proof declares. What was added since the declaration was drawn up stays. */
  minus(declared: readonly Loss[]): PendingLosses {
    let { all } = this;
    for (const loss of declared) {
      const same = findSame(all, loss);
      if (same === undefined) continue;
      const grew = same.count === 0 ? same.from < loss.from || same.to > loss.to : same.count > loss.count;
      const rest = grew ? [{ ...same, count: same.count - loss.count }] : [];
      all = all.flatMap((one) => (one === same ? rest : [one]));
    }
    return new PendingLosses(all);
  }
}

const findSame = (losses: readonly Loss[], like: Loss): Loss | undefined =>
  losses.find(({ reason, count }) => reason === like.reason && (count === 0) === (like.count === 0));
