import { setMaxListeners } from 'node:events';
import { aborted } from './abort.ts';

/** Something that runs until it is told to stop. */
export type Task = (stop: AbortSignal) => Promise<void>;

/**
 * Runs stages of tasks side by side until the signal. Then each stage is told to stop when the one before it has ended,
 * so that what flows from stage to stage arrives. When a task fails, all others are stopped at once, and its error is
 * the one that is thrown.
 */
export async function runStages(signal: AbortSignal, stages: readonly (readonly Task[])[]): Promise<void> {
  const failure = new AbortController();
  let first: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    first ??= { error };
    failure.abort();
  };
  let before: Promise<unknown> = aborted(signal);
  const running: Promise<unknown>[] = [];
  for (const tasks of stages) {
    const turn = new AbortController();
    void before.then(() => turn.abort());
    const stop = AbortSignal.any([turn.signal, failure.signal]);
    // Many ports wait for one signal; that is no leak.
    setMaxListeners(0, stop);
    const stage = Promise.all(tasks.map((task) => task(stop).catch(fail)));
    running.push(stage);
    before = Promise.all([before, stage]);
  }
  await Promise.all(running);
  if (first !== undefined) throw first.error;
}
