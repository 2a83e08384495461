import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/soak/index.mjs', import.meta.url));
const REPLUGS = 100;

it(
  `each of six devices pulled and put back ${REPLUGS} times: nothing is lost but what was on the wire, and nothing grows`,
  async () => {
    const stdout = await new Promise<string>((resolve, reject) => {
      const args = [SCRIPT, '--replugs', String(REPLUGS), '--json'];
      execFile(process.execPath, args, { maxBuffer: 1 << 24 }, (error, out) => {
        // Books that do not balance are told in full, and the program exits with 1.
        if (error === null || error.code === 1) resolve(out);
        else reject(error);
      });
    });
    const { checks, sources } = JSON.parse(stdout);
    expect(checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
    expect(sources).toHaveLength(6);
    for (const { source, unplugs } of sources) expect(unplugs, source).toBeGreaterThanOrEqual(REPLUGS);
  },
  5 * 60_000,
);
