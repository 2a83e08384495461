import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Wno-cast-function-type', '-Werror'];

/** Compiles a C file of the tests, named relative to test/, into a program or a shared library. */
export function compileTokenTool(source: string, output: string, kind: 'program' | 'library'): void {
  const path = fileURLToPath(new URL(`../${source}`, import.meta.url));
  const shape = kind === 'library' ? ['-shared', '-fPIC', '-fvisibility=hidden'] : [];
  execFileSync('cc', [...FLAGS, ...shape, '-o', output, path, '-ldl'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
