/** Fires so many ms after another signal. */
export function within(ms: number, signal: AbortSignal): AbortSignal {
  const enough = new AbortController();
  const count = (): void => void setTimeout(() => enough.abort(), ms).unref();
  if (signal.aborted) count();
  else signal.addEventListener('abort', count, { once: true });
  return enough.signal;
}

/** What a promise gives; undefined where the signal comes first. */
export async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  let stop = (): void => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener('abort', stop);
    // Nobody waits for it any more, whatever becomes of it.
    work.catch(() => {});
  }
}
