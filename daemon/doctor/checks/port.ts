import { realpath, stat } from 'node:fs/promises';
import { pause, timer } from '../../abort.ts';
import { Clock } from '../../clock/index.ts';
import { CATALOGUE, FieldsealError } from '../../errors.ts';
import type { SourceStatus } from '../../health/index.ts';
import { PortSource } from '../../port-source.ts';
import { AUTO_PATH, mediumOf } from '../../serial/index.ts';
import type { ConfiguredPort } from '../../sources.ts';
import { grants, groupName, READ, WRITE } from '../account.ts';
import { type Finding, fail, failOf, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';
import { holdersOf } from '../processes.ts';
import { SILENT } from '../silent-log.ts';

const LOOK_MS = 100;
/** So many frames are enough to know that the device speaks what its profile says. */
const ENOUGH_FRAMES = 3;

const REFUSALS = {
  missing: 'PORT_NOT_FOUND',
  denied: 'PORT_DENIED',
  busy: 'PORT_BUSY',
  failed: 'PORT_FAILED',
} as const;

/** One port: whether the device is there, who may open it, who has it open, and what it says. */
export async function checkPort(configured: ConfiguredPort, patient: Patient): Promise<Finding[]> {
  const { port } = configured;
  const area = `port ${port.source}`;
  const isDevice = mediumOf(port.path) === 'serial' && port.path !== AUTO_PATH;
  const findings = isDevice ? await checkNode(area, port.path, patient) : [];
  if (findings.some(({ level, area: of }) => level === 'fail' && of === area)) return findings;
  return [...findings, ...(await listen(area, configured, patient))];
}

/** The device node: that it is one, that the daemon's user may open it, and that nobody else has it open. */
async function checkNode(area: string, path: string, { account, root }: Patient): Promise<Finding[]> {
  const node = await stat(path).catch(() => undefined);
  if (node === undefined) return [fail(area, `there is no ${path}`, CATALOGUE.PORT_NOT_FOUND.remedy)];
  if (!node.isCharacterDevice()) return [fail(area, `${path} is no device`, 'correct the path of the port')];
  const findings: Finding[] = [];
  if (!grants(node, account, READ | WRITE)) {
    const group = await groupName(node.gid, root);
    const remedy =
      ((node.mode >> 3) & (READ | WRITE)) === (READ | WRITE)
        ? `usermod -aG ${group} ${account.name}, and start it anew`
        : CATALOGUE.PORT_DENIED.remedy;
    findings.push(fail(area, `${account.name} may not open ${path}, which is of the group ${group}`, remedy));
  }
  const holders = await holdersOf(await realpath(path), root);
  if (holders.length > 0) {
    const who = holders.map(({ pid, name }) => `${name} (process ${pid})`).join(', ');
    findings.push(fail(area, `${path} is in use by ${who}`, CATALOGUE.PORT_BUSY.remedy));
  }
  if (/^\/dev\/tty(USB|ACM)\d+$/.test(path)) {
    const remedy = 'name it by /dev/serial/by-id/..., /dev/fieldseal/..., or auto';
    findings.push(warn(area, `${path} may be another device after the next boot`, remedy));
  }
  return findings;
}

/** Reads the port as the daemon would, until it has said enough or the time is over. */
async function listen(area: string, configured: ConfiguredPort, patient: Patient): Promise<Finding[]> {
  const { evidence: _, ...port } = configured.port;
  const { path } = port;
  const reader = new PortSource(
    { ...configured, port },
    {
      onReading: () => {},
      onLoss: () => {},
      clock: new Clock({ gnss: false, ntp: 'none' }),
      log: SILENT,
    },
  );
  const enough = new AbortController();
  const patience = timer(patient.listenMs);
  const signal = AbortSignal.any([patient.signal, patience.signal, enough.signal]);
  const began = performance.now();
  let isOver = false;
  const reading = reader.run(signal).finally(() => {
    isOver = true;
  });
  let status = reader.status();
  try {
    while (!isOver && !signal.aborted && framesOf(status) < ENOUGH_FRAMES && !(status.state in REFUSALS)) {
      await Promise.race([pause(LOOK_MS, signal), reading]);
      status = reader.status();
    }
    enough.abort();
    await reading;
  } catch (error) {
    enough.abort();
    if (error instanceof FieldsealError) return [failOf(area, error)];
    throw error;
  } finally {
    patience.clear();
  }
  return [verdict(area, path, status, (performance.now() - began) / 1_000)];
}

function verdict(area: string, path: string, status: SourceStatus, seconds: number): Finding {
  const refusal = Object.entries(REFUSALS).find(([state]) => state === status.state)?.[1];
  if (refusal !== undefined)
    return fail(area, CATALOGUE[refusal].message.replace('{detail}', path), CATALOGUE[refusal].remedy);
  const frames = Object.entries(status.frames).filter(([, count]) => count > 0);
  const within = `within ${seconds.toFixed(1)} s`;
  if (frames.length > 0)
    return ok(area, `${frames.map(([name, count]) => `${count} ${name}`).join(', ')} frames ${within}`);
  if (status.bytes > 0) {
    const remedy = 'check the profile and its baud rates; `fieldseal capture` records what comes';
    return warn(area, `${status.bytes} bytes ${within}, and no valid frame among them`, remedy);
  }
  return warn(
    area,
    `not a byte ${within}`,
    'check that the device is on and its wires; some speak seldom: --listen 60s',
  );
}

const framesOf = ({ frames }: SourceStatus): number => Object.values(frames).reduce((sum, count) => sum + count, 0);
