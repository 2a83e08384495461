import { FieldsealError } from '../../errors.ts';
import { mediumOf } from '../../serial/index.ts';
import { loadSources } from '../../sources.ts';
import { type Finding, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';
import { processes } from '../processes.ts';
import { checkPort } from './port.ts';

/** Every configured port; a daemon that runs has them. */
export async function checkPorts(patient: Patient): Promise<Finding[]> {
  const { config, holder, root } = patient;
  if (holder !== undefined) return [];
  const ports = await portsOf(config);
  const findings = (await Promise.all(ports.map((one) => checkPort(one, patient)))).flat();
  const isSerial = ports.some(({ port }) => mediumOf(port.path) === 'serial');
  const prober = isSerial && (await processes(root)).find(({ name }) => name === 'ModemManager');
  if (prober) {
    const remedy = 'install the udev rules of the package, or stop it: systemctl disable --now ModemManager';
    findings.push(
      warn('ports', 'ModemManager runs: it sends commands to serial devices that it takes for modems', remedy),
    );
  }
  return findings;
}

/** What is wrong with the profiles, the check of the configuration has told. */
async function portsOf(config: Patient['config']) {
  try {
    return (await loadSources(config)).ports;
  } catch (error) {
    if (error instanceof FieldsealError) return [];
    throw error;
  }
}
