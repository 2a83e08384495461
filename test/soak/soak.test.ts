import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/soak/index.mjs', import.meta.url));
const MINUTES = Number(process.env['FIELDSEAL_SOAK_MINUTES'] ?? '3');

interface Ledger {
  readonly sources: { readonly source: string; readonly unplugs: number; readonly readings: number }[];
  readonly checks: { readonly what: string; readonly left: number; readonly right: number; readonly ok: boolean }[];
  readonly absent: string[];
  /** Which proofs were not accepted, and why. */
  readonly accepted: { readonly reasons: readonly string[] };
}

/** Runs the soak on the built program. */
function runSoak(
  ...options: string[]
): Promise<{ code: number | string | null | undefined; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const args = [SCRIPT, ...options, '--json'];
    execFile(process.execPath, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

it(
  `${MINUTES} minutes of six devices with faults of every kind: the books balance`,
  async () => {
    const { code, stdout, stderr } = await runSoak('--minutes', String(MINUTES));
    expect(stderr).toBe('');
    const ledger: Ledger = JSON.parse(stdout);
    expect(ledger.accepted.reasons).toEqual([]);
    expect(ledger.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(ledger.absent).toEqual([]);
    expect(ledger.sources).toHaveLength(6);
    for (const { source, readings } of ledger.sources) expect(readings, source).toBeGreaterThan(0);
    if (MINUTES >= 1) for (const { source, unplugs } of ledger.sources) expect(unplugs, source).toBeGreaterThan(0);
    expect(code).toBe(0);
  },
  (MINUTES + 2) * 60_000,
);
