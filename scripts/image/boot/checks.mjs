const MARK = '@@@';

/** What is asked of the running gateway: a shell command, and what its answer must look like. */
export function gatewayChecks({ readOnly, dataBytes, hostname }) {
  return [
    check('the service is active', 'systemctl is-active fieldseal', (text) => text === 'active'),
    check('no unit has failed', 'systemctl --failed --no-legend --plain', (text) => text === ''),
    check('it has the name of its set-up file', 'hostname', (text) => text === hostname),
    check('its time is set by NTP', 'timedatectl show --property=NTPSynchronized --value', (text) => text === 'yes'),
    check(
      // Before the mounts are looked at: what apt opens is closed again after it.
      'apt opens what is read-only',
      'sudo apt-get --yes remove less > /tmp/apt.log 2>&1 || tail -n 3 /tmp/apt.log; command -v less || echo gone; sleep 20',
      (text) => text === 'gone',
    ),
    check('the outbox is on the data partition', 'findmnt -no SOURCE,OPTIONS --target /var/lib/fieldseal', (text) =>
      /^\/dev\/vda3\S* rw,/.test(text),
    ),
    check(
      'the data partition took the whole card',
      'findmnt -bno SIZE /data',
      (text) => Number(text) > dataBytes * 0.9,
    ),
    check(`the root is ${readOnly ? 'read-only' : 'writable'}`, 'findmnt -no OPTIONS /', (text) =>
      text.startsWith(readOnly ? 'ro,' : 'rw,'),
    ),
    check('the boot partition is read-only', 'findmnt -no OPTIONS /boot/firmware', (text) => text.startsWith('ro,')),
    check(
      'the journal is in memory',
      'sudo find /run/log/journal /var/log/journal -name "*.journal" 2> /dev/null',
      (text) => text.split('\n').every((file) => file.startsWith('/run/')),
    ),
    check(
      'the hardware watchdog counts',
      'cat /sys/class/watchdog/watchdog0/state /sys/class/watchdog/watchdog0/timeout',
      (text) => /^active\n1[45]$/.test(text),
    ),
    check(
      'secrets are for root and the daemon alone',
      'sudo find /etc/fieldseal -type f ! -name "*.example.yaml" -perm /o+rwx',
      (text) => text === '',
    ),
    check(
      'an administrator may log in with the key alone',
      'sudo sshd -T | grep -E "^(passwordauthentication|permitrootlogin)"',
      (text) => text.split('\n').every((line) => line.endsWith(' no')),
    ),
  ];
}

/** For the record; nothing is judged by it. */
export const GATEWAY_FACTS = {
  status: 'systemctl status fieldseal --no-pager --lines=0',
  'start-up': 'systemd-analyze time',
  memory: 'systemctl show fieldseal --property=MemoryCurrent --property=NRestarts; free -m',
  identity: 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub',
  trouble: 'sudo journalctl --no-pager --priority=warning --lines=40 --output=short-monotonic',
};

const check = (what, command, good) => ({ what, command, good });

/** Asks everything over one connection, since each takes an emulated machine seconds. */
export async function ask(machine, key, commands) {
  const script = commands.map((command) => `${command}\necho "${MARK}"`).join('\n');
  const answers = (await machine.ssh(script, key)).split(MARK);
  return commands.map((_, index) => (answers[index] ?? '(no answer)').trim());
}
