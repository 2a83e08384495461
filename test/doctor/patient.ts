import { linuxHost } from '../../daemon/clock/index.ts';
import { loadDaemonConfig } from '../../daemon/config/index.ts';
import { ownAccount } from '../../daemon/doctor/account.ts';
import type { Finding } from '../../daemon/doctor/finding.ts';
import type { Patient } from '../../daemon/doctor/patient.ts';

/** A gateway to be examined by its configuration file. */
export async function patientOf(file: string, changes: Partial<Patient> = {}): Promise<Patient> {
  return {
    config: await loadDaemonConfig(file),
    account: await ownAccount(),
    holder: undefined,
    root: '',
    env: {},
    clock: linuxHost,
    listenMs: 2_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** `LEVEL area: what`, a line each. */
export const linesOf = (findings: readonly Finding[]): string[] =>
  findings.map(({ level, area, what }) => `${level} ${area}: ${what}`);

/** An account that nothing belongs to. */
export const NOBODY = { name: 'stranger', uid: 64_999, groups: new Set([64_999]) } as const;
