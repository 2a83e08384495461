#!/usr/bin/env node
// Shows that the unit's sandbox works: boots a Debian system with systemd as process 1 in namespaces of its own, starts the daemon by its
// unit with a SoftHSM token, and looks at what it can reach and how systemd takes it. To be run as root, on a built project.
// usage: scripts/try-sandbox/index.mjs [SUITE]     default: bookworm, which has systemd 252
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Machine } from './machine.mjs';

const PIN = '471100';
const TOKEN = 'pkcs11:token=fieldseal;object=device?module-path=/usr/lib/softhsm/libsofthsm2.so';
/** Character devices by their numbers, and whether the daemon is to reach them. Without hardware behind it, ENXIO is as good as open. */
const DEVICES = {
  serial: ['c', 4, 64, true],
  'usb-serial': ['c', 188, 0, true],
  acm: ['c', 166, 0, true],
  i2c: ['c', 89, 1, true],
  'usb-token': ['c', 189, 0, true],
  memory: ['c', 1, 1, false],
  input: ['c', 13, 64, false],
  disk: ['b', 254, 0, false],
};
const results = [];

function check(what, holds, detail = '') {
  results.push({ what, holds });
  console.log(`${holds ? 'good' : 'BAD '}  ${what}${detail === '' ? '' : `: ${detail}`}`);
}

const sentence = (body) => {
  const sum = [...Buffer.from(body)].reduce((a, b) => a ^ b, 0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
};

/** A receiver on the loopback, one fix a second. */
const receiver = createServer((socket) => {
  const tell = () => {
    const iso = new Date().toISOString();
    const time = `${iso.slice(11, 19).replaceAll(':', '')}.00`;
    const date = `${iso.slice(8, 10)}${iso.slice(5, 7)}${iso.slice(2, 4)}`;
    socket.write(sentence(`GPRMC,${time},A,4722.6140,N,00832.5020,E,0.1,0.0,${date},,,A`));
    socket.write(sentence(`GPGGA,${time},4722.6140,N,00832.5020,E,1,08,0.9,408.0,M,47.0,M,,`));
  };
  const timer = setInterval(tell, 1_000);
  socket.on('close', () => clearInterval(timer)).on('error', () => {});
}).listen(0, '127.0.0.1');

async function until(look, ms = 20_000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(200)) if (look()) return true;
  return false;
}

function setUp(machine) {
  machine.write('etc/softhsm.conf', 'directories.tokendir = /var/lib/fieldseal/tokens\nobjectstore.backend = file\n');
  machine.write('etc/credstore/fieldseal.pin', PIN, 0o600);
  machine.write(
    'etc/systemd/system/fieldseal.service.d/try.conf',
    '[Service]\nEnvironment=SOFTHSM2_CONF=/etc/softhsm.conf\n',
  );
  machine.sh(
    'systemd-sysusers; install -d -o fieldseal -g fieldseal -m 700 /var/lib/fieldseal /var/lib/fieldseal/tokens',
  );
  for (const [name, [type, major, minor]] of Object.entries(DEVICES)) {
    machine.sh(`mknod /srv/${name} ${type} ${major} ${minor}; chgrp dialout /srv/${name}; chmod 660 /srv/${name}`);
  }
  const user = 'setpriv --reuid fieldseal --regid fieldseal --init-groups env SOFTHSM2_CONF=/etc/softhsm.conf';
  machine.sh(`${user} softhsm2-util --init-token --free --label fieldseal --pin ${PIN} --so-pin 12345678`);
  machine.sh(`${user} fieldseal key create --algorithm ES256K --signer '${TOKEN}&pin-value=${PIN}'`);
  machine.sh(
    'cd /tmp; fieldseal key create --algorithm ES256K --signer file:/tmp/v.key >/dev/null; fieldseal key show --json --signer file:/tmp/v.key >/etc/fieldseal/verifier.json',
  );
  machine.write(
    'etc/fieldseal/fieldseal.yaml',
    JSON.stringify({
      signer: { uri: `${TOKEN}&pin-source=credential:pin`, algorithm: 'ES256K' },
      ports: [
        { source: 'gnss', path: `tcp://127.0.0.1:${receiver.address().port}`, profile: 'gnss/generic-nmea' },
        { source: 'uart', path: '/srv/serial', profile: 'gnss/generic-nmea' },
      ],
      batching: { maxAge: '1s' },
      clock: { wait: '0s' },
      outbox: { directory: '/var/lib/fieldseal/outbox' },
      mqtt: { url: 'mqtt://127.0.0.1:9' },
      verifier: { publicKeyFile: 'verifier.json' },
      health: { interval: '1s' },
    }),
  );
}

function openWithin(machine) {
  const unit = machine
    .sh('cat /usr/lib/systemd/system/fieldseal.service')
    .replace(
      /^ExecStart=.*/m,
      `ExecStart=/usr/bin/node /opt/fieldseal/open-devices.mjs ${Object.keys(DEVICES)
        .map((name) => `/srv/${name}`)
        .join(' ')}`,
    )
    .replace(/^Type=.*/m, 'Type=oneshot')
    .replace(/^(Restart|WatchdogSec|ConditionPathExists)=.*\n/gm, '');
  machine.write('etc/systemd/system/devices.service', unit);
  machine.run('systemctl', 'daemon-reload');
  machine.run('systemctl', 'start', 'devices');
  const answer = machine.run('journalctl', '-u', 'devices', '-o', 'cat', '--no-pager').split('\n');
  return JSON.parse(answer.find((line) => line.startsWith('{')));
}

const line = (machine, phrase) =>
  machine
    .run('journalctl', '-u', 'fieldseal', '-o', 'cat', '--no-pager')
    .split('\n')
    .findLast((one) => one.includes(phrase));

const machine = await Machine.boot(process.argv[2] ?? 'bookworm');
try {
  console.log(machine.run('systemctl', '--version').split('\n')[0]);
  setUp(machine);
  machine.run('systemctl', 'daemon-reload');
  const begun = Date.now();
  machine.run('systemctl', 'start', 'fieldseal');
  check(
    'ready when the first port is open, the PIN from the credential store',
    machine.property('fieldseal', 'ActiveState') === 'active',
    `${Date.now() - begun} ms`,
  );
  check('the port is read', await until(() => line(machine, '"port is read"') !== undefined));
  const spooled = () =>
    machine
      .sh('ls /var/lib/fieldseal/outbox/spool')
      .split('\n')
      .filter((name) => name.endsWith('.cose'));
  check('proofs are sealed by the token', await until(() => spooled().length > 2));
  const proof = machine.sh(`fieldseal inspect /var/lib/fieldseal/outbox/spool/${spooled().at(-1)}`);
  check(
    'host.health reads memory, load and disk',
    ['memoryAvailable=', 'load=', 'diskAvailable='].every((field) => proof.includes(field)),
  );
  check('the serial port is reached through the group dialout', line(machine, 'PORT_DENIED') === undefined);
  const reach = openWithin(machine);
  for (const [name, [, , , isReached]] of Object.entries(DEVICES)) {
    const outcome = reach[`/srv/${name}`];
    check(`${name} is ${isReached ? 'in reach' : 'out of reach'}`, (outcome === 'EPERM') !== isReached, outcome);
  }
  machine.run('systemctl', 'reload', 'fieldseal');
  check('reloads', await until(() => line(machine, '"configuration reloaded"') !== undefined));
  machine.append('etc/fieldseal/fieldseal.yaml', '\nnot: [yaml');
  machine.run('systemctl', 'reload', 'fieldseal');
  check(
    'refuses a broken configuration and goes on',
    await until(() => machine.property('fieldseal', 'StatusText').includes('CONFIG_SYNTAX')),
    machine.property('fieldseal', 'ActiveState'),
  );
  machine.sh('sed -i "s/^not: .*//" /etc/fieldseal/fieldseal.yaml');
  machine.append('etc/systemd/system/fieldseal.service.d/try.conf', 'WatchdogSec=4\nRestartSec=1\n');
  machine.sh(
    'systemctl daemon-reload; systemctl restart fieldseal; sleep 1; kill -STOP $(systemctl show -P MainPID fieldseal)',
  );
  check(
    'is started anew by the watchdog when it hangs',
    await until(
      () =>
        machine.property('fieldseal', 'NRestarts') === '1' && machine.property('fieldseal', 'ActiveState') === 'active',
      40_000,
    ),
  );
  const asked = Date.now();
  machine.run('systemctl', 'stop', 'fieldseal');
  check('stops in good order', machine.property('fieldseal', 'Result') === 'success', `${Date.now() - asked} ms`);
} finally {
  await machine.end();
  receiver.close();
  receiver.closeAllConnections?.();
}
process.exit(results.every(({ holds }) => holds) ? 0 : 1);
