import { pbkdf2Sync } from 'node:crypto';
import { stringify } from 'yaml';
import { daemonConfig, ETC, PLACED } from './daemon-config.mjs';

/** The Linux user who logs in with an SSH key. */
export const ADMIN = 'admin';
const DAEMON = 'fieldseal';

/**
 * The files that a set-up asks for, but for the daemon's configuration: `{ path, text, mode, owner, group }`.
 * `attached` are the contents of the files that it names, by name.
 */
export function filesOf(setup, attached) {
  return [...hostFiles(setup), ...secretFiles(setup, attached)];
}

/** The daemon's configuration, as such a file. */
export function configFile(setup) {
  const head = '# Made from the set-up file on the boot partition. `fieldseal config example` explains every key.\n';
  return daemonFile('fieldseal.yaml', head + stringify(daemonConfig(setup)));
}

function hostFiles({ hostname, wifi, ssh, ntp }) {
  const files = [];
  if (hostname !== undefined) {
    files.push(systemFile('/etc/hostname', `${hostname}\n`));
    files.push(systemFile('/etc/hosts', `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${hostname}\n`));
  }
  if (wifi !== undefined) {
    files.push(systemFile('/etc/wpa_supplicant/wpa_supplicant-wlan0.conf', wpaConfig(wifi), 0o600));
  }
  if (ssh !== undefined) {
    files.push({
      ...{ path: `/home/${ADMIN}/.ssh/authorized_keys`, text: `${ssh.authorizedKeys.join('\n')}\n` },
      ...{ mode: 0o600, owner: ADMIN, group: ADMIN },
    });
  }
  if (ntp !== undefined) {
    files.push(systemFile('/etc/systemd/timesyncd.conf.d/ntp.conf', `[Time]\nNTP=${ntp.join(' ')}\nFallbackNTP=\n`));
  }
  return files;
}

function secretFiles({ broker, key, verifier }, attached) {
  const files = [];
  if (broker.password !== undefined) files.push(daemonFile('mqtt-password', `${broker.password}\n`));
  for (const [member, name] of Object.entries(PLACED)) {
    if (broker[member] !== undefined) files.push(daemonFile(name, attached.get(broker[member])));
  }
  if (key.pin !== undefined) files.push(daemonFile('pin', `${key.pin}\n`));
  const verifierKey = typeof verifier === 'string' ? attached.get(verifier) : `${JSON.stringify(verifier)}\n`;
  files.push(daemonFile('verifier.json', verifierKey));
  return files;
}

/** The names of the files beside it that a set-up refers to. */
export function attachments({ broker: { ca, cert, key }, verifier }) {
  return [ca, cert, key, typeof verifier === 'string' ? verifier : undefined].filter((name) => name !== undefined);
}

/** Read by the daemon, changed by root alone. */
const daemonFile = (name, text) => ({ path: `${ETC}/${name}`, text, mode: 0o640, owner: 'root', group: DAEMON });
const systemFile = (path, text, mode = 0o644) => ({ path, text, mode, owner: 'root', group: 'root' });

/** The network's name in hexadecimal and the key derived from it (IEEE 802.11, annex J.4.1): no quoting, no password. */
function wpaConfig({ ssid, password, country }) {
  const name = Buffer.from(ssid).toString('hex');
  const security =
    password === undefined
      ? '  key_mgmt=NONE'
      : `  key_mgmt=WPA-PSK\n  psk=${pbkdf2Sync(password, ssid, 4096, 32, 'sha1').toString('hex')}`;
  return `ctrl_interface=/run/wpa_supplicant\ncountry=${country}\nnetwork={\n  ssid=${name}\n  scan_ssid=1\n${security}\n}\n`;
}
