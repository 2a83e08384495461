import { FieldsealError } from '../../errors.ts';
import { readHostHealth } from '../../health/index.ts';
import { loadNative } from '../../native.ts';
import { type Finding, fail, failOf, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';

const AREA = 'host';
const HOT = 80_000;
const SCARCE_MEMORY = 0.1;

/** Heat, supply and memory of the host, and the addon. */
export async function checkHost({ root }: Patient): Promise<Finding[]> {
  const health = await readHostHealth(root === '' ? '/' : root);
  const findings: Finding[] = [];
  if (health.underVoltage === 1) {
    findings.push(fail(AREA, 'the supply voltage is too low now', 'use a stronger supply and a shorter cable'));
  }
  if (health.throttled === 1) {
    findings.push(warn(AREA, 'the processor is slowed by heat or voltage now', 'cool it, or use a stronger supply'));
  }
  const { cpuTemperature, memoryAvailable = 0, memoryTotal = 0 } = health;
  if (cpuTemperature !== undefined && cpuTemperature > HOT) {
    findings.push(
      warn(AREA, `the processor is at ${Math.round(cpuTemperature / 1_000)} °C`, 'give it air or a heat sink'),
    );
  }
  const memory = `${Math.round(memoryAvailable / 1e6)} of ${Math.round(memoryTotal / 1e6)} MB of memory are free`;
  findings.push(
    memoryAvailable < SCARCE_MEMORY * memoryTotal
      ? warn(AREA, memory, 'see what takes it: ps aux --sort=-rss')
      : ok(AREA, `${memory}, Node.js ${process.versions.node}`),
  );
  return [...findings, ...addonFindings()];
}

function addonFindings(): Finding[] {
  try {
    loadNative();
    return [];
  } catch (error) {
    if (error instanceof FieldsealError) return [failOf(AREA, error)];
    throw error;
  }
}
