import { setMaxListeners } from 'node:events';
import { aborted } from './abort.ts';
import type { Task } from './stages.ts';

/** A task that tells when it is up: until then it is on probation. */
export type ProbationTask = (stop: AbortSignal, isUp: () => void) => Promise<void>;

/** A task that a crew runs. */
export interface Member {
  /** Tells it to stop, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Tasks of one stage, of which some come and go while the stage runs. A member that ends by itself is not missed. */
export class Crew {
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #waiting: (() => void)[] | undefined = [];
  #first: { readonly error: unknown } | undefined;

  /** Runs its members until the signal, then ends them all. @throws what a member throws; the others are ended then */
  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, this.#stop.signal);
    const begin = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const one of begin) one();
    const either = AbortSignal.any([signal, this.#stop.signal]);
    await aborted(either);
    this.#stop.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#first !== undefined) throw this.#first.error;
  }

  /** Adds a member; it begins when the crew runs. */
  start(task: Task): Member {
    const own = new AbortController();
    const stop = AbortSignal.any([own.signal, this.#stop.signal]);
    setMaxListeners(0, stop);
    let ended: Promise<void> = Promise.resolve();
    const begin = (): void => {
      if (stop.aborted) return;
      ended = task(stop)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => this.#running.delete(ended));
      this.#running.add(ended);
    };
    if (this.#waiting === undefined) begin();
    else this.#waiting.push(begin);
    return {
      stop: () => {
        own.abort();
        return ended;
      },
    };
  }

  /** Adds a member to a crew that runs, and resolves when it is up. @throws what it throws before; the crew goes on then */
  async admit(task: ProbationTask): Promise<Member> {
    let member: Member | undefined;
    await new Promise<void>((resolve, reject) => {
      member = this.start(async (stop) => {
        let up = false;
        const isUp = (): void => {
          up = true;
          resolve();
        };
        try {
          await task(stop, isUp);
          isUp();
        } catch (error) {
          if (up) throw error;
          reject(error);
        }
      });
    });
    return member ?? { stop: () => Promise.resolve() };
  }

  #fail(error: unknown): void {
    this.#first ??= { error };
    this.#stop.abort();
  }
}
