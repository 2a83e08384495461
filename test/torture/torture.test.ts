import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/torture/index.mjs', import.meta.url));
const ROUNDS = 8;

it(`nothing is lost without a word, nor accepted twice, with kill -9 at ${ROUNDS} random moments`, async () => {
  const { code, stdout, stderr } = await torture(['--rounds', String(ROUNDS), '--seed', '4', '--json']);
  expect(stderr).toBe('');
  const { checks, kills, fixes } = JSON.parse(stdout);
  expect(checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
  expect(code).toBe(0);
  expect(kills.daemon).toBeGreaterThan(ROUNDS / 2);
  expect(fixes.accepted).toBeGreaterThan(0);
}, 180_000);

it('an order that makes no sense is refused', async () => {
  expect(await torture(['--rounds', '0'])).toMatchObject({ code: 2, stderr: expect.stringContaining('usage:') });
});

function torture(args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}
