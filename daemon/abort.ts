import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the signal is aborted, or at once where it is. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits for some milliseconds, or until the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * A signal that comes after so many milliseconds; never, where they are left out. Not AbortSignal.timeout: behind
 * AbortSignal.any nothing else holds that one, and Node 20 may collect it before its time.
 */
export function timer(ms: number | undefined): { readonly signal: AbortSignal; readonly clear: () => void } {
  const over = new AbortController();
  const timeout = ms === undefined ? undefined : setTimeout(() => over.abort(), ms);
  return { signal: over.signal, clear: () => clearTimeout(timeout) };
}
