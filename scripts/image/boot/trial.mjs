import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../free-port.mjs';
import { Card } from './card.mjs';
import { ask, GATEWAY_FACTS, gatewayChecks } from './checks.mjs';
import { CREDENTIALS, Host, until } from './host.mjs';
import { Machine } from './machine.mjs';

const HOSTNAME = 'attic-7';
const MIB = 1_048_576;
const SECTOR = 512;

export const tell = (text) => console.error(`boot-image: ${text}`);

/**
 * Starts a copy of an image, sets it up, has its proofs accepted, cuts its power and starts it again.
 *
 * @param trial `{ image, cardBytes, timeoutMs, readOnly, folder }`; consoles and the card are left in `folder`
 * @returns `{ results, times, facts, ledger }`
 */
export async function tryImage({ image, cardBytes, timeoutMs, readOnly, folder }) {
  const results = [];
  const hold = (what, ok, detail = '') => {
    results.push({ what, ok, detail });
    tell(`${ok ? 'good' : 'BAD '}  ${what}${ok || detail === '' ? '' : `: ${detail}`}`);
  };
  const card = new Card(image, folder, cardBytes);
  const dataBytes = cardBytes - card.partitions()[2].start * SECTOR;
  const host = new Host(folder);
  const key = join(folder, 'id');
  const running = [];
  try {
    await host.start();
    if (!host.timeServer) tell('port 123 of the loopback is taken: no time server, and that check will fail');
    putSetup(card, host, folder);
    const sshPort = await freePort();
    const switchOn = (log) => {
      const machine = new Machine({ card: card.file, sshPort, log: join(folder, log) });
      running.push(machine);
      return { machine, signal: AbortSignal.timeout(timeoutMs) };
    };
    const checks = gatewayChecks({ readOnly, hostname: HOSTNAME, dataBytes });

    const first = await firstStart(switchOn('first-start.log'), { card, host, key, checks });
    for (const { what, ok, detail } of first.results) hold(what, ok, detail);
    await until(() => host.ledger().accepted >= 5, 'five proofs accepted', AbortSignal.timeout(timeoutMs));
    await running[0].cutPower();
    const before = host.ledger();
    tell(`power cut after ${running[0].seconds.toFixed(0)} s, with ${before.accepted} proofs accepted`);

    const second = await secondStart(switchOn('second-start.log'), { host, key, checks, before });
    await running[1].cutPower();
    const ledger = host.ledger();
    hold('the service is active again after the power cut', second.active === 'active', second.active);
    hold('it is the same machine with the same SSH key', second.identity === first.facts.identity, second.identity);
    hold('the chain goes on, in the same epoch', ledger.chains === 1, `${ledger.chains} chains`);
    hold('every proof is accepted, none is flagged', ledger.others.length === 0, ledger.others.join('; '));
    return { results, times: { first: first.times, second: second.times }, facts: first.facts, ledger };
  } finally {
    for (const machine of running) await machine.cutPower();
    await host.stop();
  }
}

async function firstStart({ machine, signal }, { card, host, key, checks }) {
  const times = await consoleTimes(machine, signal);
  await until(() => reportOf(card).startsWith('The gateway is'), 'a report of the set-up', signal);
  if (!isSetUp(card)) throw new Error(reportOf(card));
  host.admit(card.get('enrolment.cose'));
  tell(`enrolled after ${machine.seconds.toFixed(0)} s`);
  await until(() => host.ledger().accepted >= 1, 'a proof accepted', signal);
  const firstProof = machine.seconds;
  const commands = [...checks.map(({ command }) => command), ...Object.values(GATEWAY_FACTS), UNIT_TIMES];
  const answers = await ask(machine, key, commands);
  const results = [
    { what: 'a proof of the first start is accepted', ok: true },
    { what: 'the operator finds a report', ok: isSetUp(card) },
    { what: 'the set-up file is gone from the boot partition', ok: !card.names().includes('fieldseal-setup.yaml') },
    { what: 'no password is left on the boot partition', ok: !holdsPassword(card) },
    ...checks.map(({ what, good }, index) => ({ what, ok: good(answers[index]), detail: answers[index] })),
  ];
  const names = Object.keys(GATEWAY_FACTS);
  const facts = Object.fromEntries(names.map((name, index) => [name, answers[checks.length + index]]));
  return {
    results,
    facts,
    times: { ...times, ...unitTimes(times.kernel, answers.at(-1)), 'first proof accepted': firstProof },
  };
}

const reportOf = (card) => String(card.get('fieldseal-report.txt') ?? '');
const isSetUp = (card) => reportOf(card).startsWith('The gateway is set up.');

async function secondStart({ machine, signal }, { host, key, checks, before }) {
  const times = await consoleTimes(machine, signal);
  await until(() => host.ledger().accepted > before.accepted, 'a proof after the power cut accepted', signal);
  const firstProof = machine.seconds;
  await until(() => host.ledger().accepted > before.accepted + 2, 'more proofs accepted', signal);
  const [identity, active, units] = await ask(machine, key, [GATEWAY_FACTS.identity, checks[0].command, UNIT_TIMES]);
  const { 'set up': _, ...rest } = unitTimes(times.kernel, units);
  return { identity, active, times: { ...times, ...rest, 'first proof accepted': firstProof } };
}

/** Seconds since power on at which the console told of the kernel and of systemd. */
async function consoleTimes(machine, signal) {
  const kernel = await machine.line(/EFI stub: Exiting boot services|Linux version/, signal);
  tell(`kernel after ${kernel.toFixed(0)} s`);
  const systemd = await machine.line(/systemd\[1\]: systemd \d+|Welcome to/, signal);
  tell(`systemd after ${systemd.toFixed(0)} s`);
  return { kernel, systemd };
}

const UNIT_TIMES = ['fieldseal-firstboot', 'fieldseal']
  .map((unit) => `systemctl show --value --property=ActiveEnterTimestampMonotonic ${unit}`)
  .join('; ');

/** Seconds since power on at which units became active, by systemd's clock, which began with the kernel. */
function unitTimes(kernel, answer) {
  const [setUp, service] = answer.split('\n').map((text) => kernel + Number(text) / 1e6);
  return { 'set up': setUp, 'service active': service };
}

function putSetup(card, host, folder) {
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
  const files = { 'fieldseal-setup.yaml': stringify(setup), 'verifier.json': JSON.stringify(host.verifierKey) };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    card.put(join(folder, name), name);
  }
}

/** The raw partition is searched: a deleted file counts as well. */
function holdsPassword(card) {
  const [{ start, size }] = card.partitions();
  const [skip, count] = [start, size].map((sectors) => (sectors * SECTOR) / MIB);
  const raw = execFileSync('dd', [`if=${card.file}`, 'bs=1M', `skip=${skip}`, `count=${count}`], {
    maxBuffer: (count + 1) * MIB,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return raw.includes(CREDENTIALS.password.slice(0, 13));
}
