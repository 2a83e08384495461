import type { Ledger } from './ledger.ts';

interface Entry {
  /** Does the work, and returns what tells its caller. */
  readonly work: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts what several messages write into one transaction, so that they share one fsync. Work runs in the order in which it came;
 * what fails, fails for all of the group, and nothing of the group is stored.
 */
export class GroupCommit {
  readonly #ledger: Ledger;
  readonly #onCommit: (size: number) => void;
  #group: Entry[] = [];

  constructor(ledger: Ledger, onCommit: (size: number) => void) {
    this.#ledger = ledger;
    this.#onCommit = onCommit;
  }

  /** Resolves to what `work` returned, when that is on the disk. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#group.length === 0) setImmediate(() => this.#flush());
      this.#group.push({
        work: () => {
          const result = work();
          return () => resolve(result);
        },
        reject,
      });
    });
  }

  #flush(): void {
    const group = this.#group;
    this.#group = [];
    let tellAll: (() => void)[];
    try {
      tellAll = this.#ledger.write(() => group.map(({ work }) => work()));
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    this.#onCommit(group.length);
    for (const tell of tellAll) tell();
  }
}
