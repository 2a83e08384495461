import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Resident bytes of a process of its own: at its start, with its clean pages dropped, and when it has worked on. */
const PROGRAM = `
  const { createHash } = require('node:crypto');
  const { dropCleanPages, trimHeap } = require('node-gyp-build')(process.argv[1]);
  const work = () => createHash('sha256').update(JSON.stringify(Array.from({ length: 1e5 }, (_, i) => i))).digest('hex');
  const sum = work();
  const before = process.memoryUsage.rss();
  const dropped = dropCleanPages();
  const after = process.memoryUsage.rss();
  trimHeap();
  console.log(JSON.stringify({ before, dropped, after, same: work() === sum, twice: dropCleanPages() }));
`;

describe('memory that is given back', () => {
  it('is that of unchanged code, and the process works on', () => {
    const said = JSON.parse(execFileSync(process.execPath, ['--eval', PROGRAM, ROOT], { cwd: ROOT, encoding: 'utf8' }));
    expect(said).toMatchObject({ same: true });
    expect(said.dropped).toBeGreaterThan(10e6);
    expect(said.after).toBeLessThan(said.before - said.dropped / 2);
    expect(said.twice).toBeLessThan(said.dropped);
  });
});
