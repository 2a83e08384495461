// The maintainer scripts (Debian Policy, chapter 6). They say what debhelper's would, and when a service starts.
const SERVICES = {
  fieldseal: {
    user: 'fieldseal',
    state: '/var/lib/fieldseal',
    config: '/etc/fieldseal/fieldseal.yaml',
    next: [
      'Fieldseal is installed, and starts once it is configured:',
      '  1. make a key:    fieldseal key create --signer URI',
      '  2. configure:     /etc/fieldseal/fieldseal.yaml, after fieldseal.example.yaml beside it',
      '  3. check:         fieldseal config check /etc/fieldseal/fieldseal.yaml',
      '  4. start:         systemctl start fieldseal',
    ],
  },
  'fieldseal-verifier': {
    user: 'fieldseal-verifier',
    state: '/var/lib/fieldseal-verifier',
    config: '/etc/fieldseal/verifier.yaml',
    next: [
      'The Fieldseal verifier is installed, and starts once it is configured:',
      '  1. make a key:    fieldseal key create --signer URI',
      '  2. configure:     /etc/fieldseal/verifier.yaml, after verifier.example.yaml beside it',
      '  3. check:         fieldseal config check --verifier /etc/fieldseal/verifier.yaml',
      '  4. start:         systemctl start fieldseal-verifier',
    ],
  },
};

/** @param service fieldseal or fieldseal-verifier; its unit and its user have that name */
export function maintainerScripts(service) {
  const { user, state, config, next } = SERVICES[service];
  const unit = `${service}.service`;
  const postinst = `#!/bin/sh
set -e

case $1 in
  configure | abort-upgrade | abort-deconfigure | abort-remove) ;;
  *) exit 0 ;;
esac

systemd-sysusers ${service}.conf
[ -d ${state} ] || install -d -o ${user} -g ${user} -m 0700 ${state}

# Enabled unless the administrator disabled it; without a configuration the unit's condition keeps it from starting.
if deb-systemd-helper --quiet was-enabled ${unit}; then
  deb-systemd-helper enable ${unit} >/dev/null || true
else
  deb-systemd-helper update-state ${unit} >/dev/null || true
fi
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  [ ! -e ${config} ] || deb-systemd-invoke restart ${unit} >/dev/null || true
fi
${service === 'fieldseal' ? 'if [ -e /run/udev/control ]; then\n  udevadm control --reload && udevadm trigger --subsystem-match=tty --action=change || true\nfi\n' : ''}
if [ ! -e ${config} ] && [ "$1" = configure ] && [ -z "$2" ]; then
  cat <<'END'
${next.join('\n')}
END
fi
`;
  const prerm = `#!/bin/sh
set -e

# An upgrade stops nothing here: postinst restarts it, so that it misses as little as possible.
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop ${unit} >/dev/null || true
fi
`;
  // Groups that sysusers made for the daemon's user go where nobody is in them and no rule of udev gives them a device.
  const groupsToDrop =
    service === 'fieldseal'
      ? `    for group in tss i2c; do
      if getent group $group | grep -q ':$' && ! grep -rqs "GROUP=\\"$group\\"" /usr/lib/udev/rules.d /etc/udev/rules.d; then
        groupdel $group 2>/dev/null || true # of a user, it stays
      fi
    done
`
      : '';
  const postrm = `#!/bin/sh
set -e

case $1 in
  purge)
    if command -v deb-systemd-helper >/dev/null; then deb-systemd-helper purge ${unit} >/dev/null || true; fi
    rm -rf ${state} /run/${service} /var/log/${service}
    # What the administrator made stays, and becomes root's before the number of its owner is given to somebody else.
    if getent passwd ${user} >/dev/null; then
      if [ -d /etc/fieldseal ]; then
        chown -hR --from=${user} root /etc/fieldseal
        chown -hR --from=:${user} :root /etc/fieldseal
      fi
      userdel ${user} || true
    fi
    if getent group ${user} >/dev/null; then groupdel ${user} || true; fi
${groupsToDrop}    ;;
esac
if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi
`;
  return { postinst, prerm, postrm };
}
