// The life of the daemon as a service: in a system that systemd has booted, started by its unit, in the unit's sandbox.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DebianRoot } from './root.mjs';
import { takeSteps } from './steps.mjs';

const PATIENCE_MS = 60_000;
const KEY = 'file:/var/lib/fieldseal/device.key';

export class ServiceTrial {
  #options;
  #root;
  #container;
  #first = '';

  constructor(options) {
    this.#options = options;
  }

  async run(tell) {
    try {
      return await takeSteps(this.#steps(), tell);
    } finally {
      // The first process in it ends all others.
      if (this.#first !== '') process.kill(Number(this.#first), 'SIGKILL');
      this.#container?.kill('SIGKILL');
      await wait(1_000);
      this.#root?.remove();
    }
  }

  #steps() {
    const deb = this.#options.debs.gateway;
    return [
      ['boot', () => this.#boot()],
      ['install: enabled, not started', () => this.#install(deb)],
      ['configure', () => this.#configure()],
      ['systemctl start: ready', () => this.#start()],
      ['seals in its sandbox', () => this.#until(() => this.#status(/ [1-9]\d* proofs? wait/))],
      ['systemctl reload', () => this.#reload()],
      ['upgrade: restarted', () => this.#upgrade(deb)],
      ['systemctl stop', () => this.#stop()],
      ['remove, purge', () => this.#purge()],
    ];
  }

  async #boot() {
    const { suite, arch, packages, cache, log } = this.#options;
    this.#root = DebianRoot.make({ suite, arch, packages, cache, proc: false });
    const where = ['--register=no', '--keep-unit', '--boot', '--console=pipe', '-D', this.#root.path('')];
    this.#container = spawn('systemd-nspawn', where, {
      stdio: 'ignore',
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    });
    writeFileSync(log, '');
    await this.#until(() => {
      this.#first = spawnSync('pgrep', ['-P', String(this.#container.pid)], { encoding: 'utf8' }).stdout.trim();
      const { stdout } = this.#inside('systemctl', 'is-system-running');
      return /^(running|degraded)/.test(stdout) ? stdout.trim() : undefined;
    });
    return this.#must('systemctl', '--version').split('\n')[0];
  }

  #install(deb) {
    cpSync(deb, this.#root.path(join('/root', basename(deb))));
    this.#must('dpkg', '-i', join('/root', basename(deb)));
    this.#expect(this.#show('UnitFileState'), 'enabled');
    this.#expect(this.#show('ActiveState'), 'inactive');
    this.#must('systemctl', 'start', 'fieldseal'); // its condition is not met, which is no failure
    this.#expect(this.#show('ActiveState'), 'inactive');
    return this.#must('systemctl', '--failed', '--no-legend').trim() || 'nothing failed';
  }

  #configure() {
    const etc = (name) => this.#root.path(join('/etc/fieldseal', name));
    const recording = join(this.#options.project, 'test/captures/gnss/ubx-pvt-10hz.bin');
    cpSync(recording, etc('drive.bin'));
    const made = this.#must(
      'runuser',
      '-u',
      'fieldseal',
      '--',
      'fieldseal',
      'key',
      'create',
      '--json',
      '--signer',
      KEY,
    );
    writeFileSync(etc('verifier.json'), made);
    const config = {
      signer: { uri: KEY, algorithm: 'ES256K' },
      ports: [{ source: 'gnss', path: 'file:/etc/fieldseal/drive.bin?rate=960', profile: 'gnss/ublox-neo-m9n' }],
      batching: { maxAge: '1s' },
      outbox: { directory: '/var/lib/fieldseal/outbox' },
      clock: { wait: '0s' },
      mqtt: { url: `mqtt://127.0.0.1:${this.#options.broker}`, prefix: `fieldseal/try-${process.pid}` },
      verifier: { publicKeyFile: '/etc/fieldseal/verifier.json' },
    };
    writeFileSync(etc('fieldseal.yaml'), JSON.stringify(config));
    return this.#must('fieldseal', 'config', 'check', '/etc/fieldseal/fieldseal.yaml').trim();
  }

  #start() {
    this.#must('systemctl', 'start', 'fieldseal');
    this.#expect(this.#show('ActiveState'), 'active');
    return this.#show('StatusText');
  }

  #reload() {
    const before = this.#show('MainPID');
    this.#must('systemctl', 'reload', 'fieldseal');
    this.#expect(this.#show('ActiveState'), 'active');
    this.#expect(this.#show('MainPID'), before);
    return this.#show('StatusText');
  }

  async #upgrade(deb) {
    const before = this.#show('MainPID');
    this.#must('dpkg', '-i', join('/root', basename(deb)));
    await this.#until(() => this.#show('ActiveState') === 'active');
    if (this.#show('MainPID') === before) throw new Error('the old program still runs');
    return this.#show('StatusText');
  }

  #stop() {
    this.#must('systemctl', 'stop', 'fieldseal');
    this.#expect(this.#show('Result'), 'success');
    this.#must('systemctl', 'start', 'fieldseal');
    return 'and started again';
  }

  #purge() {
    this.#must('dpkg', '-r', 'fieldseal');
    this.#expect(this.#show('LoadState'), 'not-found');
    if (this.#inside('pgrep', '-u', 'fieldseal').code === 0) throw new Error('it still runs');
    this.#must('dpkg', '-P', 'fieldseal');
    if (this.#inside('getent', 'passwd', 'fieldseal').code === 0) throw new Error('its user is still there');
    return this.#must('systemctl', '--failed', '--no-legend').trim() || 'nothing failed';
  }

  #show(property) {
    return this.#must('systemctl', 'show', '--value', '-p', property, 'fieldseal').trim();
  }

  #status(pattern) {
    const text = this.#show('StatusText');
    return pattern.test(text) ? text : undefined;
  }

  #expect(found, wanted) {
    if (found !== wanted) throw new Error(`${found} instead of ${wanted}: ${this.#journal()}`);
  }

  #journal = () => this.#inside('journalctl', '-u', 'fieldseal', '-n', '3', '-o', 'cat', '--no-pager').stdout;

  async #until(look) {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const seen = look();
      if (seen) return seen;
      await wait(300);
    }
    throw new Error(`it does not come to pass: ${this.#journal()}`);
  }

  #must(...args) {
    const { code, stdout, stderr } = this.#inside(...args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr} ${this.#journal()}`);
    return stdout;
  }

  /** Runs a program among those of the booted system. */
  #inside(...args) {
    const enter = ['-t', this.#first, '-m', '-u', '-i', '-p', '-C', '-r', '-w', '/usr/bin/env', '-i'];
    const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive'];
    const done = spawnSync('nsenter', [...enter, ...env, ...args], { encoding: 'utf8', timeout: 120_000 });
    return { code: done.status ?? done.signal, stdout: done.stdout, stderr: done.stderr };
  }
}
