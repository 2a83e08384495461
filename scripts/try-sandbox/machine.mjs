import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const BOOT = fileURLToPath(new URL('boot', import.meta.url));
const CGROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/** A Debian system of its own in which systemd runs as process 1, with the built daemon and its units. Root's to make. */
export class Machine {
  #folder = mkdtempSync(join(tmpdir(), 'fieldseal-sandbox-'));
  #process;
  #cgroup;
  #systemd;

  /** @param suite of Debian, whose systemd it is */
  static async boot(suite) {
    const machine = new Machine();
    execFileSync('tar', ['-xf', baseOf(suite), '-C', machine.#folder, '--exclude=./dev/*']);
    machine.#install();
    await machine.#start();
    return machine;
  }

  path(name) {
    return join(this.#folder, name);
  }

  write(name, content, mode = 0o644) {
    writeFileSync(this.path(name), content);
    chmodSync(this.path(name), mode);
  }

  append(name, content) {
    appendFileSync(this.path(name), content);
  }

  /** Runs a command in it; gives what it printed. @throws where it fails */
  run(...command) {
    return execFileSync(
      'nsenter',
      ['-t', String(this.#systemd), '-m', '-p', '-u', '-i', '-C', '-r', '-w', ...command],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
  }

  sh(script) {
    return this.run('/bin/sh', '-c', script);
  }

  property(unit, name) {
    return this.run('systemctl', 'show', unit, '-P', name).trim();
  }

  async end() {
    this.#process?.kill('SIGKILL');
    await sleep(500);
    rmSync(this.#folder, { recursive: true, force: true });
    // Its groups are empty now, the innermost first.
    if (this.#cgroup !== undefined) execFileSync('find', [this.#cgroup, '-depth', '-type', 'd', '-delete']);
  }

  #install() {
    const opt = this.path('opt/fieldseal');
    mkdirSync(join(opt, 'node_modules'), { recursive: true });
    for (const name of ['dist', 'build', 'device-profiles', 'package.json']) {
      cpSync(join(PROJECT, name), join(opt, name), { recursive: true });
    }
    cpSync(fileURLToPath(new URL('open-devices.mjs', import.meta.url)), join(opt, 'open-devices.mjs'));
    cpSync(process.execPath, this.path('usr/bin/node'));
    this.write('usr/bin/fieldseal', '#!/bin/sh\nexec /usr/bin/node /opt/fieldseal/dist/main.js "$@"\n', 0o755);
    const packaging = join(PROJECT, 'scripts/package');
    cpSync(join(packaging, 'systemd'), this.path('usr/lib/systemd/system'), { recursive: true });
    cpSync(join(packaging, 'sysusers'), this.path('usr/lib/sysusers.d'), { recursive: true });
    for (const name of ['etc/fieldseal', 'etc/credstore', 'etc/systemd/system/fieldseal.service.d']) {
      mkdirSync(this.path(name), { recursive: true });
    }
  }

  async #start() {
    const cgroup = join(
      CGROUPS.find((folder) => existsSync(join(folder, 'cgroup.procs'))),
      `fieldseal-${process.pid}`,
    );
    mkdirSync(cgroup, { recursive: true });
    this.#cgroup = cgroup;
    const namespaces = ['--pid', '--fork', '--kill-child', '--mount', '--uts', '--ipc', '--cgroup'];
    const command = `echo $$ >${cgroup}/cgroup.procs && exec unshare ${namespaces.join(' ')} "$@"`;
    this.#process = spawn('/bin/sh', ['-c', command, 'sh', BOOT, this.#folder, join(PROJECT, 'node_modules')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (let tries = 0; tries < 60; tries += 1) {
      await sleep(500);
      const { pid } = this.#process;
      this.#systemd = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
      try {
        if (/running|degraded/.test(this.sh('systemctl is-system-running || true'))) return;
      } catch {
        // Not there yet.
      }
    }
    throw new Error('systemd does not come up');
  }
}

function baseOf(suite) {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldseal/roots');
  const file = join(folder, `sandbox-${suite}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  console.error(`making a root of Debian ${suite}, once: ${file}`);
  execFileSync('mmdebstrap', ['--variant=minbase', '--include=systemd,dbus,softhsm2', suite, `${file}.new.tar`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('mv', [`${file}.new.tar`, file]);
  return file;
}
