// One life of the packages in one system: installed, configured, run until a proof is accepted, removed, purged.
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DebianRoot } from './root.mjs';
import { takeSteps } from './steps.mjs';

const PATIENCE_MS = 600_000;
const ENV = { SOFTHSM2_CONF: '/etc/fieldseal/softhsm2.conf' };
const SIGNER =
  'pkcs11:token=fieldseal;object=device?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/fieldseal/pin';

/** What a person would do, in order; each step throws what is wrong with it. */
export class InstallTrial {
  #options;
  #root;
  #before;
  #services = [];

  constructor(options) {
    this.#options = options;
  }

  /** Takes every step until one fails, and returns them; `tell` hears each as it ends. */
  async run(tell) {
    try {
      return await takeSteps(this.#steps(openSync(this.#options.log, 'a')), tell);
    } finally {
      for (const service of this.#services) service.kill('SIGKILL');
      this.#root?.remove();
    }
  }

  #steps(output) {
    const { debs, broker, project } = this.#options;
    return [
      ['make the system', () => this.#makeRoot()],
      ['install fieldseal', () => this.#install(debs.gateway, /starts once it is configured/)],
      ['fieldseal --version', () => this.#ask('fieldseal --version')],
      ['profiles list', () => `${this.#ask('fieldseal profiles list').split('\n').length} lines`],
      [
        'the verifier is not there',
        () => this.#refused('fieldseal verifier devices --config x', 'VERIFIER_NOT_INSTALLED'),
      ],
      ['install fieldseal-verifier', () => this.#install(debs.verifier, /starts once it is configured/)],
      ['key create, in a PKCS#11 token', () => this.#makeKeys()],
      ['configure and check', () => this.#configure(broker, project)],
      ['enrol', () => this.#enrol()],
      ['run until proofs are accepted', () => this.#runBoth(output)],
      ['stop in good order', () => this.#stopBoth()],
      ['install again: as upgraded', () => this.#install(debs.gateway)],
      ['remove', () => this.#remove()],
      ['purge', () => this.#purge()],
      ["leaves the administrator's alone", () => this.#compare()],
    ];
  }

  async #makeRoot() {
    const { suite, arch, packages, cache } = this.#options;
    this.#root = DebianRoot.make({ suite, arch, packages, cache });
    this.#before = await this.#root.list();
    return `${this.#before.size} files`;
  }

  #install(deb, says) {
    cpSync(deb, this.#root.path(`/tmp/${basename(deb)}`));
    const said = this.#must(['dpkg', '-i', `/tmp/${basename(deb)}`]);
    if (says !== undefined && !says.test(said)) throw new Error(`it does not say what to do next: ${said}`);
    return basename(deb);
  }

  #ask(line, options) {
    return this.#must(line.split(' '), options).trim();
  }

  #must(args, options) {
    const { code, stdout, stderr } = this.#root.run(args, options);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  #refused(line, code) {
    const done = this.#root.run(line.split(' '));
    if (done.code !== 2 || !done.stderr.includes(code))
      throw new Error(`${line}: ${done.code} ${done.stdout}${done.stderr}`);
    return code;
  }

  /** The device's in SoftHSM, through the addon; the verifier's is a file. */
  #makeKeys() {
    const etc = (name) => this.#root.path(`/etc/fieldseal/${name}`);
    writeFileSync(etc('pin'), '123456');
    writeFileSync(etc('softhsm2.conf'), 'directories.tokendir = /etc/fieldseal/tokens\n');
    mkdirSync(etc('tokens'));
    this.#must(['chown', '-R', 'fieldseal:fieldseal', '/etc/fieldseal/tokens', '/etc/fieldseal/pin']);
    const pins = ['--so-pin', '12345678', '--pin', '123456'];
    const user = { user: 'fieldseal:fieldseal', env: ENV };
    this.#must(['softhsm2-util', '--init-token', '--free', '--label', 'fieldseal', ...pins], user);
    const said = this.#must(['fieldseal', 'key', 'create', '--signer', SIGNER], user);
    const key = 'file:/var/lib/fieldseal-verifier/receipts.key';
    this.#must(['fieldseal', 'key', 'create', '--signer', key], { user: 'fieldseal-verifier:fieldseal-verifier' });
    return said.split('\n')[0];
  }

  #configure(port, project) {
    const etc = (name, value) =>
      writeFileSync(
        this.#root.path(`/etc/fieldseal/${name}`),
        typeof value === 'string' ? value : JSON.stringify(value),
      );
    cpSync(join(project, 'test/captures/gnss/ubx-pvt-10hz.bin'), this.#root.path('/etc/fieldseal/drive.bin'));
    const mqtt = { url: `mqtt://127.0.0.1:${port}`, prefix: `fieldseal/try-${process.pid}` };
    const signer = { uri: 'file:/var/lib/fieldseal-verifier/receipts.key', algorithm: 'ES256K' };
    etc('verifier.yaml', { signer, ledger: '/var/lib/fieldseal-verifier/ledger.sqlite', mqtt });
    const asVerifier = { user: 'fieldseal-verifier:fieldseal-verifier' };
    etc('verifier.json', this.#ask('fieldseal verifier key --config /etc/fieldseal/verifier.yaml', asVerifier));
    etc('fieldseal.yaml', {
      signer: { uri: SIGNER, algorithm: 'ES256K' },
      ports: [{ source: 'gnss', path: 'file:/etc/fieldseal/drive.bin?rate=9600', profile: 'gnss/ublox-neo-m9n' }],
      batching: { maxAge: '1s' },
      outbox: { directory: '/var/lib/fieldseal/outbox' },
      clock: { wait: '0s' },
      health: { interval: '1s' },
      verifier: { publicKeyFile: '/etc/fieldseal/verifier.json' },
      mqtt,
    });
    this.#ask('fieldseal config check --verifier /etc/fieldseal/verifier.yaml');
    return this.#ask('fieldseal config check /etc/fieldseal/fieldseal.yaml');
  }

  #enrol() {
    const record = '/var/lib/fieldseal/enrolment.cose';
    this.#ask(`fieldseal enroll --config /etc/fieldseal/fieldseal.yaml --out ${record}`, {
      user: 'fieldseal:fieldseal',
      env: ENV,
    });
    return this.#verifier(`enroll ${record}`, 'root');
  }

  /** Asks the verifier's command line, which writes its ledger: so as its own user, but where it has to read another's file. */
  #verifier(line, user = 'fieldseal-verifier:fieldseal-verifier') {
    const said = this.#ask(`fieldseal verifier ${line} --config /etc/fieldseal/verifier.yaml`, { user });
    if (user === 'root') this.#must(['chown', '-R', 'fieldseal-verifier:', '/var/lib/fieldseal-verifier']);
    return said;
  }

  async #runBoth(output) {
    this.#services = [
      this.#root.start(['fieldseal', 'verifier', 'run', '--config', '/etc/fieldseal/verifier.yaml'], {
        ...{ user: 'fieldseal-verifier:fieldseal-verifier', output },
      }),
      this.#root.start(['fieldseal', 'run', '--config', '/etc/fieldseal/fieldseal.yaml'], {
        ...{ user: 'fieldseal:fieldseal', env: ENV, output },
      }),
    ];
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      await wait(1_000);
      const ended = this.#services.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      if (ended !== undefined)
        throw new Error(`${ended.spawnargs.slice(-4).join(' ')} ended: ${readFileSync(this.#options.log, 'utf8')}`);
      const { devices } = JSON.parse(this.#verifier('devices --json'));
      const accepted = (devices[0]?.proofs.accepted ?? 0) + (devices[0]?.proofs.flagged ?? 0);
      if (accepted >= 2) return `${accepted} accepted`;
    }
    throw new Error(`no proof was accepted: ${readFileSync(this.#options.log, 'utf8')}`);
  }

  async #stopBoth() {
    for (const service of this.#services.toReversed()) {
      const ended = once(service, 'exit');
      service.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0)
        throw new Error(
          `${service.spawnargs.slice(-4).join(' ')} ended with ${code}: ${readFileSync(this.#options.log, 'utf8')}`,
        );
    }
    this.#services = [];
    return `${readdirSync(this.#root.path('/var/lib/fieldseal/outbox')).length} files in the outbox`;
  }

  #remove() {
    this.#ask('dpkg -r fieldseal-verifier fieldseal');
    for (const path of ['/usr/lib/fieldseal', '/usr/bin/fieldseal'])
      if (existsSync(this.#root.path(path))) throw new Error(`${path} is still there`);
    for (const path of ['/etc/fieldseal/fieldseal.example.yaml', '/var/lib/fieldseal/outbox'])
      if (!existsSync(this.#root.path(path))) throw new Error(`${path} is gone before the purge`);
    return 'state and configuration are kept';
  }

  #purge() {
    this.#ask('dpkg -P fieldseal-verifier fieldseal');
    return '';
  }

  async #compare() {
    const after = await this.#root.list();
    const made = [...after].filter(([path, about]) => this.#before.get(path) !== about).map(([path]) => path);
    const gone = [...this.#before.keys()].filter((path) => !after.has(path));
    const strange = [...made.filter((path) => !path.startsWith('/etc/fieldseal')), ...gone];
    if (strange.length > 0) throw new Error(`left or changed: ${strange.join(' ')}`);
    if (!made.includes('/etc/fieldseal/fieldseal.yaml')) throw new Error('the configuration is gone');
    const orphans = made.filter((path) => !/ 0 0( |$)/.test(after.get(path)));
    if (orphans.length > 0) throw new Error(`belongs to nobody: ${orphans.join(' ')}`);
    return `${made.length} files in /etc/fieldseal, all root's; nothing else`;
  }
}
