import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../daemon/errors.ts';

const UNITS = fileURLToPath(new URL('../../scripts/package/systemd/', import.meta.url));
const units = ['fieldseal.service', 'fieldseal-verifier.service'];
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const skipped = hasSystemd ? '' : ' (skipped: systemd-analyze is not installed)';

const folder = mkdtempSync(join(tmpdir(), 'fieldseal-units-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = (unit: string): string[] => readFileSync(join(UNITS, unit), 'utf8').split('\n');

function analyze(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe.each(units)('%s', (unit) => {
  it.skipIf(!hasSystemd)(`is exposed to 1.5 at most${skipped}`, () => {
    const { status, output } = analyze('security', '--offline=true', '--threshold=15', '--no-pager', join(UNITS, unit));
    expect(output).toMatch(/Overall exposure level for \S+: 1\.[0-5] /);
    expect(status).toBe(0);
  });

  it.skipIf(!hasSystemd)(`is understood by systemd${skipped}`, () => {
    // The program is installed elsewhere.
    const copy = join(folder, unit);
    writeFileSync(
      copy,
      settings(unit)
        .join('\n')
        .replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'),
    );
    const { status, output } = analyze('verify', '--man=no', copy);
    // What other units of this machine lack is not ours.
    expect(output.split('\n').filter((line) => line.includes('fieldseal'))).toEqual([]);
    expect(status).toBe(0);
  });

  it('does not restart for what an operator has to mend', () => {
    expect(settings(unit)).toContain(`RestartPreventExitStatus=${EXIT.usage}`);
    expect(settings(unit)).toContain('Restart=always');
  });
});

it('the daemon gets longer to stop, to start and between two signs of life than it takes', () => {
  const seconds = (name: string): number =>
    Number(
      settings('fieldseal.service')
        .find((line) => line.startsWith(`${name}=`))
        ?.slice(name.length + 1),
    );
  expect(seconds('TimeoutStopSec')).toBeGreaterThan(10);
  expect(seconds('TimeoutStartSec')).toBeGreaterThan(30);
  expect(seconds('WatchdogSec')).toBeGreaterThanOrEqual(30);
});
