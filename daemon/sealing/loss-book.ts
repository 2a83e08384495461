import type { Loss, LossReason } from '../proof/index.ts';

/** Losses as they happen, one entry a reason, until somebody writes them down: a storm of losses is one write, not many. */
export class LossBook {
  readonly #open = new Map<LossReason, Loss>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Adds a loss. Counts add up, bounds widen; a count of 0, nobody knows how many, adds nothing to those that are known. */
  add(loss: Loss): void {
    const known = this.#open.get(loss.reason);
    this.#open.set(loss.reason, {
      reason: loss.reason,
      count: loss.count + (known?.count ?? 0),
      from: Math.min(loss.from, known?.from ?? loss.from),
      to: Math.max(loss.to, known?.to ?? loss.to),
    });
  }

  /** Empties the book. */
  take(): Loss[] {
    const losses = [...this.#open.values()];
    this.#open.clear();
    return losses;
  }
}
