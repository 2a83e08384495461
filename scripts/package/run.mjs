import { execFileSync, spawnSync } from 'node:child_process';

/** What hinders packaging and the operator can mend: one line, exit code 2. */
export class Hindrance extends Error {}

/** Runs a program to its end and returns what it printed; its own words, where it fails, are the error. */
export function run(program, args, options = {}) {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
      ...options,
    });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Hindrance(`${program} is not installed`);
    throw new Hindrance(
      `${program} ${args.slice(0, 3).join(' ')}: ${`${error.stdout ?? ''}${error.stderr ?? ''}`.trim()}`,
    );
  }
}

export const isInstalled = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** Stops with one line that names all that `apt-get install` would bring. `needed` is [program, Debian package]. */
export function requirePrograms(needed) {
  const missing = needed.filter(([program]) => !isInstalled(program)).map(([, debian]) => debian);
  if (missing.length > 0) throw new Hindrance(`missing: apt-get install ${[...new Set(missing)].join(' ')}`);
}
