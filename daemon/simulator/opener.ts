import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/**
 * Whether a program has locked a device node with flock(2), as serial programs do when they open one (proc_locks(5)).
 * A pseudo-terminal's master cannot tell otherwise who is there.
 */
export function isLocked(path: string): boolean {
  const { dev, ino } = statSync(path);
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return readFileSync('/proc/locks', 'latin1').includes(` ${hex(major)}:${hex(minor)}:${ino} `);
}

/** The speed of a terminal as stty(1) says it, baud; undefined where it is gone. */
export function speedOf(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('stty', ['-F', path, 'speed'], (error, stdout) => {
      const speed = Number(stdout);
      resolve(error === null && speed > 0 ? speed : undefined);
    });
  });
}
