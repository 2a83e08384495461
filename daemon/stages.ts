import { setMaxListeners } from 'node:events';
import { aborted, pause } from './abort.ts';

/** Something that runs until it is told to stop. */
export type Task = (stop: AbortSignal) => Promise<void>;

/** How long the stages may take to stop, and who is told where they do not make it. */
export interface StopDeadline {
  readonly deadlineMs: number;
  /** Some tasks have not ended in time: nobody waits for them any more. */
  readonly onLate: () => void;
}

/**
 * Runs stages of tasks side by side until the signal. Then each stage is told to stop when the one before it has ended,
 * so that what flows from stage to stage arrives. When a task fails, all others are stopped at once, and its error is
 * the one that is thrown. With a deadline it returns, or throws, whatever still hangs.
 */
export async function runStages(
  signal: AbortSignal,
  stages: readonly (readonly Task[])[],
  deadline?: StopDeadline,
): Promise<void> {
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
  const all = Promise.all(running);
  await (deadline === undefined ? all : within(all, AbortSignal.any([signal, failure.signal]), deadline));
  if (first !== undefined) throw first.error;
}

async function within(all: Promise<unknown>, stop: AbortSignal, { deadlineMs, onLate }: StopDeadline): Promise<void> {
  const ended = new AbortController();
  const late = aborted(stop).then(() => pause(deadlineMs, ended.signal));
  await Promise.race([all, late.then(() => ended.signal.aborted || onLate())]);
  ended.abort();
}
