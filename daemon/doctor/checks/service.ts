import { readdir, readFile, stat } from 'node:fs/promises';
import { type Finding, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';

const UNIT = 'fieldseal.service';
const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];
const RULE_FOLDERS = ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/lib/udev/rules.d', '/lib/udev/rules.d'];

/** How the system runs the daemon: the unit, its watchdog and the host's, the journal, the names of USB devices. */
export async function checkService({ root }: Patient): Promise<Finding[]> {
  const isSystemd = await exists(`${root}/run/systemd/system`);
  const units = await Promise.all(UNIT_FOLDERS.map((folder) => textOf(`${root}${folder}/${UNIT}`)));
  const unit = units.find((text) => text !== undefined);
  return [
    ...(unit === undefined ? [noUnit(isSystemd)] : await unitFindings(unit, root)),
    ...(isSystemd ? await systemFindings(root) : []),
  ];
}

const noUnit = (isSystemd: boolean): Finding =>
  isSystemd
    ? warn('service', `no ${UNIT} is installed: nothing starts the daemon at boot`, 'install the package fieldseal')
    : ok('service', 'this host does not run systemd');

async function unitFindings(unit: string, root: string): Promise<Finding[]> {
  const wanted = await exists(`${root}/etc/systemd/system/multi-user.target.wants/${UNIT}`);
  const watchdog = /^WatchdogSec=(\S+)/m.exec(unit)?.[1];
  return [
    wanted
      ? ok('service', `${UNIT} is enabled`)
      : warn('service', `${UNIT} is not enabled: nothing starts it at boot`, `systemctl enable --now ${UNIT}`),
    watchdog === undefined || watchdog === '0'
      ? warn('service', `${UNIT} has no watchdog`, 'take the unit of the package, with WatchdogSec=60')
      : ok('service', `its watchdog restarts a daemon that hangs (WatchdogSec=${watchdog})`),
  ];
}

async function systemFindings(root: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (await exists(`${root}/dev/watchdog0`)) {
    const settings = await textOf(`${root}/etc/systemd/system.conf`);
    const dropIns = await textsIn(`${root}/etc/systemd/system.conf.d`);
    const isOn = [settings ?? '', ...dropIns].some((text) =>
      /^RuntimeWatchdogSec=(?!0$|off$|infinity$)\S+/m.test(text),
    );
    findings.push(
      isOn
        ? ok('service', "the host's watchdog resets a system that hangs")
        : warn(
            'service',
            "the host's watchdog is not used",
            'set RuntimeWatchdogSec=15 in /etc/systemd/system.conf.d/',
          ),
    );
  }
  const isKept = await exists(`${root}/var/log/journal`);
  findings.push(
    ok(
      'service',
      isKept ? 'the journal is kept on disk' : 'the journal is in memory: it spares the card, and a reboot forgets it',
    ),
  );
  const rules = (await Promise.all(RULE_FOLDERS.map((folder) => readdir(`${root}${folder}`).catch(() => [])))).flat();
  if (!rules.some((name) => /^\d+-fieldseal.*\.rules$/.test(name))) {
    const what = 'no udev rules of Fieldseal: USB devices have no names below /dev/fieldseal';
    findings.push(warn('service', what, 'install the package fieldseal, or name ports by /dev/serial/by-id'));
  }
  return findings;
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

async function textsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return (await Promise.all(names.map((name) => textOf(`${folder}/${name}`)))).filter((text) => text !== undefined);
}
