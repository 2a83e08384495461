import { pause } from '../abort.ts';

/** What gives memory back to the kernel; the native addon does. */
export interface Memory {
  dropCleanPages(): number;
  trimHeap(): void;
}

/** By then a gateway has loaded, opened and connected all that it will. */
const SETTLED_MS = 10_000;
const TRIM_PERIOD_MS = 60_000;

/**
 * Keeps a process small that runs for months. Most of what start-up touches of Node's own code is never needed again, and goes
 * once it has settled; what the C heap has free goes every minute, as its pieces would be scattered over ever more pages.
 */
export async function keepSmall(memory: Memory, signal: AbortSignal): Promise<void> {
  await pause(SETTLED_MS, signal);
  if (!signal.aborted) memory.dropCleanPages();
  while (!signal.aborted) {
    memory.trimHeap();
    await pause(TRIM_PERIOD_MS, signal);
  }
}
