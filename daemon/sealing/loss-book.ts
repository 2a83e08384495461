import type { Loss, LossReason } from '../proof/index.ts';

/** Losses that no proof has declared yet, one entry a reason: the counts add up, the bounds widen. */
export class LossBook {
  readonly #open = new Map<LossReason, Loss>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  add(loss: Loss): void {
    const known = this.#open.get(loss.reason);
    this.#open.set(loss.reason, known === undefined ? loss : merge(known, loss));
  }

  /** What the next proof declares. The entries stay until `settle` is told that the proof is stored. */
  open(): readonly Loss[] {
    return [...this.#open.values()];
  }

  /** A stored proof has declared these; what was added since stays open. */
  settle(declared: readonly Loss[]): void {
    for (const loss of declared) {
      const known = this.#open.get(loss.reason);
      if (known === loss) this.#open.delete(loss.reason);
      else if (known !== undefined) {
        this.#open.set(loss.reason, { ...known, count: known.count - loss.count, from: loss.to });
      }
    }
  }
}

const merge = (a: Loss, b: Loss): Loss => ({
  reason: a.reason,
  count: a.count + b.count,
  from: Math.min(a.from, b.from),
  to: Math.max(a.to, b.to),
});
