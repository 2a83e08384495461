import { watch } from 'node:fs';

/** Changes come in flocks. */
const SETTLE_MS = 20;

/** Looks whenever something changes in the folder, until there is something to see. @throws Error with `what` in time */
export async function untilChange<T>(
  folder: string,
  look: () => T | undefined,
  { ms = 30_000, what = () => 'something' }: { ms?: number; what?: () => string } = {},
): Promise<T> {
  const watcher = watch(folder);
  try {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what()}`)), ms);
      let isDue = false;
      const glance = () => {
        isDue = false;
        try {
          const seen = look();
          if (seen === undefined) return;
          clearTimeout(timer);
          resolve(seen);
        } catch (error) {
          clearTimeout(timer);
          reject(error);
        }
      };
      // Not in the event itself: SQLite touches its files when they are opened, and a look would never end.
      watcher.on('change', () => {
        if (!isDue) setTimeout(glance, SETTLE_MS);
        isDue = true;
      });
      glance();
    });
  } finally {
    watcher.close();
  }
}
