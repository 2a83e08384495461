import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { Card } from './card.mjs';
import { ask, GATEWAY_FACTS, gatewayChecks } from './checks.mjs';
import { CREDENTIALS, freePort, Host, until } from './host.mjs';
import { Machine } from './machine.mjs';

const HOSTNAME = 'attic-7';
const MIB = 1_048_576;

const USAGE = `Usage: scripts/boot-image [--image FILE] [--card MIB] [--timeout SECONDS] [--read-only] [--keep FOLDER]

Boots an image of scripts/make-image under QEMU, with a set-up file on its boot partition, and tries what a gateway must do:
it sets itself up, reads a receiver, publishes proofs that a verifier on this host accepts; then its power is cut, it starts
again, and its chain goes on.

  --image FILE      (default: fieldseal.img)
  --card MIB        size of the card that the image is copied to (default: 4096)
  --timeout SECONDS for each start, up to the first proof accepted (default: 1800: everything is emulated)
  --read-only       the image was made so
  --keep FOLDER     leave consoles and the card there

Exit code 0: all is as it should be.`;

const OPTIONS = {
  image: { type: 'string', default: 'fieldseal.img' },
  card: { type: 'string', default: '4096' },
  timeout: { type: 'string', default: '1800' },
  'read-only': { type: 'boolean', default: false },
  keep: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
};

const NEEDED = [
  ['/usr/bin/qemu-system-aarch64', 'qemu-system-arm'],
  ['/usr/share/qemu-efi-aarch64/QEMU_EFI.fd', 'qemu-efi-aarch64'],
  ['/usr/bin/mcopy', 'mtools'],
  ['/usr/sbin/sfdisk', 'fdisk'],
  ['/usr/bin/ssh', 'openssh-client'],
  ['/usr/sbin/mosquitto', 'mosquitto'],
];

/** When each thing happened, in seconds since the machine was switched on. */
async function milestones(machine, signal, first) {
  const lines = {
    kernel: /Booting Linux|Linux version/,
    systemd: /systemd\[1\]: (systemd \d+|Detected)|Welcome to/,
    ...(first ? { 'set up': /Finished .*fieldseal-firstboot/ } : {}),
    'service active': /Started .*fieldseal\.service/,
  };
  const times = {};
  for (const [name, pattern] of Object.entries(lines)) {
    times[name] = await machine.line(pattern, signal);
    tell(`${name} after ${times[name].toFixed(0)} s`);
  }
  return times;
}

const tell = (text) => console.error(`boot-image: ${text}`);

function makeSetup(host, folder) {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'id')]);
  const setup = {
    hostname: HOSTNAME,
    owner: 'boot-image',
    place: '47.3769,8.5417,408',
    ssh: { authorizedKeys: [readFileSync(join(folder, 'id.pub'), 'utf8').trim()] },
    ntp: ['10.0.2.2'],
    ports: [{ source: 'gnss', path: `tcp://10.0.2.2:${host.receiverPort}`, profile: 'gnss/generic-nmea' }],
    broker: { url: `mqtt://10.0.2.2:${host.brokerPort}`, ...CREDENTIALS },
    verifier: 'verifier.json',
    config: { batching: { maxAge: '10s' }, uplink: { receiptTimeout: '10s' } },
  };
  writeFileSync(join(folder, 'fieldseal-setup.yaml'), stringify(setup));
  writeFileSync(join(folder, 'verifier.json'), JSON.stringify(host.verifierKey));
}

async function tryImage({ image, cardBytes, timeoutMs, readOnly, folder }) {
  const results = [];
  const hold = (what, ok, detail = '') => {
    results.push({ what, ok, detail });
    tell(`${ok ? 'good' : 'BAD '}  ${what}${ok || detail === '' ? '' : `: ${detail}`}`);
  };
  const card = new Card(image, folder, cardBytes);
  const { start: dataStart } = card.partitions()[2];
  const host = new Host(folder);
  const key = join(folder, 'id');
  let machine;
  try {
    await host.start();
    makeSetup(host, folder);
    card.put(join(folder, 'fieldseal-setup.yaml'), 'fieldseal-setup.yaml');
    card.put(join(folder, 'verifier.json'), 'verifier.json');
    const sshPort = await freePort();
    const on = (log) => new Machine({ card: card.file, sshPort, log: join(folder, log) });

    machine = on('first-start.log');
    const first = AbortSignal.timeout(timeoutMs);
    const times = { first: await milestones(machine, first, true) };
    const record = await until(() => card.get('enrolment.cose'), 'the enrolment record', first);
    host.admit(record);
    await until(() => host.ledger().accepted >= 1, 'a proof accepted', first);
    times.first['first proof accepted'] = machine.seconds;
    hold('a proof of the first start is accepted', true);

    hold('the operator finds a report', /is set up/.test(String(card.get('fieldseal-report.txt'))));
    hold('the set-up file is gone from the boot partition', !card.names().includes('fieldseal-setup.yaml'));
    hold('no password is left on the boot partition', !holdsPassword(card));
    const checks = gatewayChecks({ readOnly, hostname: HOSTNAME, dataBytes: cardBytes - dataStart * 512 });
    if (!host.timeServer) tell('port 123 of the loopback is taken: no time server');
    const answers = await ask(machine, key, [...checks.map(({ command }) => command), ...Object.values(GATEWAY_FACTS)]);
    for (const [index, { what, good }] of checks.entries()) hold(what, good(answers[index]), answers[index]);
    const facts = Object.fromEntries(
      Object.keys(GATEWAY_FACTS).map((name, index) => [name, answers[checks.length + index]]),
    );

    await until(() => host.ledger().accepted >= 5, 'five proofs accepted', first);
    await machine.cutPower();
    const before = host.ledger();
    tell(`power cut after ${machine.seconds.toFixed(0)} s, with ${before.accepted} proofs accepted`);

    machine = on('second-start.log');
    const second = AbortSignal.timeout(timeoutMs);
    times.second = await milestones(machine, second, false);
    await until(() => host.ledger().accepted > before.accepted, 'a proof after the power cut accepted', second);
    times.second['first proof accepted'] = machine.seconds;
    await until(() => host.ledger().accepted > before.accepted + 2, 'more proofs accepted', second);
    const [identity, active] = await ask(machine, key, [GATEWAY_FACTS.identity, checks[0].command]);
    const after = host.ledger();
    await machine.cutPower();
    hold('the service is active again after the power cut', active === 'active', active);
    hold('it is the same machine with the same SSH key', identity === facts.identity, identity);
    hold('the chain goes on, in the same epoch', after.chains === 1, `${after.chains} chains`);
    hold('every proof is accepted, none is flagged', after.others.length === 0, after.others.join('; '));
    return { results, times, facts, ledger: after };
  } finally {
    await machine?.cutPower();
    await host.stop();
  }
}

/** The raw partition is searched: a deleted file counts as well. */
function holdsPassword(card) {
  const [{ start, size }] = card.partitions();
  const raw = execFileSync(
    'dd',
    [`if=${card.file}`, 'bs=1M', `skip=${(start * 512) / MIB}`, `count=${(size * 512) / MIB}`],
    {
      maxBuffer: size * 512 + MIB,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return raw.includes('correct horse');
}

function report({ results, times, facts, ledger }) {
  for (const [name, text] of Object.entries(facts)) console.log(`--- ${name}\n${text}\n`);
  const rows = [...new Set([...Object.keys(times.first), ...Object.keys(times.second)])];
  console.log('| seconds since power on | first start | after the power cut |\n|---|---|---|');
  for (const row of rows) {
    console.log(`| ${row} | ${times.first[row]?.toFixed(0) ?? ''} | ${times.second[row]?.toFixed(0) ?? ''} |`);
  }
  console.log(`\n${ledger.accepted} proofs with ${ledger.readings} readings accepted, the last has seq ${ledger.last}`);
  const bad = results.filter(({ ok }) => !ok);
  console.log(`${results.length - bad.length} of ${results.length} checks are good`);
  for (const { what, detail } of bad) console.log(`BAD  ${what}: ${detail}`);
  return bad.length === 0 ? 0 : 1;
}

const { values } = parseArgs({ options: OPTIONS });
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const missing = NEEDED.filter(([file]) => !existsSync(file)).map(([, name]) => name);
if (missing.length > 0) {
  console.error(`boot-image: apt-get install --no-install-recommends ${missing.join(' ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'fieldseal-boot-'));
try {
  const outcome = await tryImage({
    image: values.image,
    cardBytes: Number(values.card) * MIB,
    timeoutMs: Number(values.timeout) * 1_000,
    readOnly: values['read-only'],
    folder,
  });
  process.exitCode = report(outcome);
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
