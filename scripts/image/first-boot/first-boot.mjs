import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { BootPartition, SETUP_NAMES } from './boot-partition.mjs';
import { ETC, setupPlace, signerUri } from './daemon-config.mjs';
import { GatewayRoot } from './gateway-root.mjs';
import { readSetup, withoutSecrets } from './setup.mjs';
import { ADMIN, attachments, configFile, filesOf } from './system-files.mjs';

const APPLIED = 'fieldseal-setup.applied.yaml';
const REPORT = 'fieldseal-report.txt';
const RECORD = 'enrolment.cose';

/** What the operator has to mend; each mistake is a sentence. */
class NotSetUp extends Error {
  constructor(mistakes) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/**
 * Sets the gateway up from the file on its boot partition, and writes there what became of it. Nothing is half done: until
 * all of it has succeeded the file stays, and the next start does everything again. A key that exists is never replaced.
 *
 * `run(command, args)` gives `{ code, stdout, stderr }`. Resolves to `absent`, `refused` or `done`.
 */
export async function firstBoot({ root, boot, run }) {
  const partition = new BootPartition(boot);
  const name = SETUP_NAMES.find((candidate) => partition.has(candidate));
  if (name === undefined) return 'absent';
  try {
    const setup = parse(partition.read(name));
    const attached = attachedFiles(setup, partition);
    const device = setUp({ setup, attached, root: new GatewayRoot(root, run), partition, run });
    partition.write(APPLIED, appliedText(setup));
    partition.write(REPORT, doneText(setup, device));
    const secrets = [name, setup.broker.key].filter((file) => file !== undefined);
    for (const file of secrets) partition.erase(file);
    return 'done';
  } catch (error) {
    if (!(error instanceof NotSetUp)) throw error;
    partition.write(REPORT, refusedText(name, error.mistakes));
    return 'refused';
  }
}

function parse(text) {
  const read = readSetup(text);
  if (read.mistakes !== undefined) throw new NotSetUp(read.mistakes);
  return read.setup;
}

function attachedFiles(setup, partition) {
  const names = attachments(setup);
  const missing = names.filter((name) => !partition.has(name));
  if (missing.length > 0) {
    throw new NotSetUp(missing.map((name) => `There is no file ${name} beside the set-up file.`));
  }
  return new Map(names.map((name) => [name, partition.read(name)]));
}

/** Applies it; returns the device's id. The daemon's configuration comes after the key: without it, the daemon waits. */
function setUp({ setup, attached, root, partition, run }) {
  checkConfig(setup, root, run);
  for (const file of filesOf(setup, attached)) root.place(file);
  makeKey(setup.key, root, run);
  root.place(configFile(setup));
  const device = makeRecord(setup, root, partition, run);
  activate(setup, run);
  return device;
}

/** The daemon itself judges its configuration; its places are told as those of the set-up file. */
function checkConfig(setup, root, run) {
  const { path, ...file } = configFile(setup);
  const candidate = root.place({ ...file, path: `${path}.new` });
  const { stdout, stderr } = run('fieldseal', ['config', 'check', '--json', candidate]);
  root.clear(`${path}.new`);
  if (!stdout.startsWith('{')) throw new NotSetUp([oneLine(stderr)]);
  const { ok, errors } = JSON.parse(stdout);
  if (ok) return;
  throw new NotSetUp(
    errors.map(({ place, message, remedy }) => {
      const key = place.slice(place.indexOf(' ') + 1);
      return `${setupPlace(key, setup)}: ${message}. What to do: ${remedy}.`;
    }),
  );
}

/** A key in a file is made beside its place and moved there whole, so that a power cut leaves none or a good one. */
function makeKey(key, root, run) {
  const uri = signerUri(key);
  const algorithm = ['--algorithm', key.algorithm];
  if (key.uri !== undefined) {
    const made = asDaemon(run, ['key', 'create', ...algorithm, '--signer', uri]);
    if (made.code !== 0 && !made.stderr.startsWith('KEY_EXISTS')) throw new NotSetUp([oneLine(made.stderr)]);
    return;
  }
  if (root.has(`${ETC}/device.key`)) return;
  const half = root.clear(`${ETC}/device.key.new`);
  must(run('fieldseal', ['key', 'create', ...algorithm, '--signer', `file:${half}`]));
  root.give(`${ETC}/device.key.new`, { mode: 0o600, owner: 'fieldseal', group: 'fieldseal' });
  root.move(`${ETC}/device.key.new`, `${ETC}/device.key`);
}

/** The enrolment record is made where the daemon's user may write, then put on the boot partition. */
function makeRecord({ owner, place }, root, partition, run) {
  const made = root.clear('/run/fieldseal-first-boot/enrolment.cose');
  root.give('/run/fieldseal-first-boot', { mode: 0o700, owner: 'fieldseal', group: 'fieldseal' });
  const args = ['enroll', '--json', '--config', root.at(`${ETC}/fieldseal.yaml`), '--out', made];
  if (owner !== undefined) args.push(`--owner=${owner}`);
  if (place !== undefined) args.push(`--place=${place}`);
  const { stdout } = must(asDaemon(run, args));
  partition.write(RECORD, readFileSync(made));
  return JSON.parse(stdout).device;
}

/** The new name, time servers, Wi-Fi and SSH, without waiting for a second start. */
function activate({ hostname, ntp, wifi, ssh }, run) {
  if (hostname !== undefined) must(run('hostname', ['--file', '/etc/hostname']));
  if (ntp !== undefined) must(run('systemctl', ['try-restart', '--no-block', 'systemd-timesyncd.service']));
  if (wifi !== undefined) must(run('systemctl', ['enable', '--now', '--no-block', 'wpa_supplicant@wlan0.service']));
  if (ssh !== undefined) must(run('systemctl', ['enable', '--now', '--no-block', 'ssh.service']));
}

const asDaemon = (run, args) =>
  run('setpriv', ['--reuid=fieldseal', '--regid=fieldseal', '--init-groups', 'fieldseal', ...args]);

function must(result) {
  if (result.code !== 0) throw new NotSetUp([oneLine(result.stderr)]);
  return result;
}

const oneLine = (text) => text.trim().split('\n').at(-1) ?? '';

const appliedText = (setup) =>
  '# What this gateway was set up with. To change it, correct a copy named fieldseal-setup.yaml beside this file, with\n' +
  `# the passwords filled in again, and start the gateway anew.\n${stringify(withoutSecrets(setup))}`;

function doneText({ hostname, ssh }, device) {
  const login = ssh === undefined ? '' : `\nLog in:     ssh ${ADMIN}@${hostname ?? 'ITS-ADDRESS'}\n`;
  return `The gateway is set up.

Device id:  ${device}
Admit it:   copy ${RECORD} to the verifier, and there
            fieldseal verifier enroll ${RECORD}
${login}`;
}

const refusedText = (name, mistakes) => `The gateway is NOT set up.

${mistakes.map((mistake) => `- ${mistake}`).join('\n')}

Correct ${name}, put the card back and start the gateway again.
`;
