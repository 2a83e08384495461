import { stat } from 'node:fs/promises';
import { type DaemonConfig, findConfigErrors, loadDaemonConfig, readConfig } from '../../config/index.ts';
import { FieldsealError } from '../../errors.ts';
import { loadZones } from '../../privacy/index.ts';
import { loadSources } from '../../sources.ts';
import { type Finding, failOf, ok, warn } from '../finding.ts';

const AREA = 'config';

/** The configuration file and what it names: profiles, presets, privacy zones. Without a valid file nothing more can be looked at. */
export async function checkConfig(file: string): Promise<{ findings: Finding[]; config?: DaemonConfig }> {
  const findings: Finding[] = [];
  try {
    const text = await readConfig(file);
    const errors = findConfigErrors(text, file, 'daemon');
    if (errors.length > 0) return { findings: errors.map((error) => failOf(AREA, error)) };
    const { mode } = await stat(file);
    if (/pin-value=/.test(text) && (mode & 0o077) !== 0) {
      findings.push(
        warn(AREA, `${file} holds a PIN, and others may read it`, 'use pin-source=file:..., and chmod 600'),
      );
    }
  } catch (error) {
    if (error instanceof FieldsealError) return { findings: [failOf(AREA, error)] };
    throw error;
  }
  const config = await loadDaemonConfig(file);
  const faults = await Promise.all([faultOf(loadSources(config)), faultOf(loadZones(config.privacy.zones))]);
  for (const fault of faults) if (fault !== undefined) findings.push(failOf(AREA, fault));
  if (faults.every((fault) => fault === undefined))
    findings.unshift(ok(AREA, `${file} is valid, and what it names is there`));
  return { findings, config };
}

async function faultOf(work: Promise<unknown>): Promise<FieldsealError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof FieldsealError) return error;
    throw error;
  }
}
