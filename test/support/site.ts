import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provisionSoftHsm } from '../../daemon/signing/softhsm.ts';
import { Track, VirtualDevice, type VirtualDeviceOptions } from '../../daemon/simulator/index.ts';
import { LedgerView } from './ledger-view.ts';
import { freePort } from './mosquitto.ts';
import {
  answerOf,
  type Environment,
  type Finished,
  jsonLines,
  runCommand,
  runProgram,
  ServiceProcess,
} from './program.ts';
import { SpoolView } from './spool-view.ts';

const PYTHON_VERIFIER = new URL('../python/verify.py', import.meta.url).pathname;
/** Debian's own, which has python3-cbor2 and python3-cryptography. */
const PYTHON = '/usr/bin/python3';

export interface SiteOptions {
  readonly brokerUrl: string;
  /** The device's token: its URI without a key in it, the curve, and what a process needs to reach it. */
  readonly token?: { readonly uri: string; readonly algorithm: 'ES256' | 'ES256K'; readonly env: Environment };
  /** More keys of the daemon's signer section. */
  readonly signer?: Readonly<Record<string, unknown>>;
  /** Sections of the daemon's configuration besides the ones that a site needs. */
  readonly daemon?: Readonly<Record<string, unknown>>;
  /** More keys of the mqtt sections. */
  readonly mqtt?: Readonly<Record<string, unknown>>;
  readonly verifierMqtt?: Readonly<Record<string, unknown>>;
  readonly device?: Partial<VirtualDeviceOptions>;
}

/** Fast enough for a test: an operator would wait longer. */
const QUICK_MQTT = { reconnect: { min: '20ms', max: '300ms' }, connectTimeout: '5s' };

/**
 * A gateway and its verifier as an operator would set them up: a virtual receiver, a token for each with a key made by the command
 * line, two configurations, an enrolment that was admitted. The services are processes of the built program.
 */
export class Site {
  readonly folder: string;
  readonly device: VirtualDevice;
  readonly ledger: LedgerView;
  readonly spool: SpoolView;
  /** What the verifier admitted, as `fieldseal verifier enroll --json` told it. */
  kid = '';
  /** The environment of the daemon and of the verifier. */
  #env: { daemon: Environment; verifier: Environment } = { daemon: {}, verifier: {} };
  readonly #services = new Set<ServiceProcess>();
  readonly #unplugged = new AbortController();
  #driving: Promise<void> | undefined;
  #metricsPort = 0;
  #deviceUri = '';

  constructor(options: Partial<VirtualDeviceOptions> = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'fieldseal-site-'));
    this.device = new VirtualDevice({
      ...{ model: 'nmea', rateHz: 5, baudRate: 115_200, track: new Track({ start: Date.now(), seed: 7 }) },
      ...options,
    });
    this.ledger = new LedgerView(this.path('verifier/ledger.sqlite'));
    this.spool = new SpoolView(this.path('outbox'));
  }

  /** Sets everything up through the command line; nothing runs yet but the receiver. */
  static async make(options: SiteOptions): Promise<Site> {
    const site = new Site(options.device);
    try {
      await site.#setUp(options);
    } catch (error) {
      await site.dispose();
      throw error;
    }
    return site;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  get daemonConfig(): string {
    return this.path('fieldseal.yaml');
  }

  get verifierConfig(): string {
    return this.path('verifier.yaml');
  }

  get daemonEnvironment(): Environment {
    return this.#env.daemon;
  }

  async startVerifier(): Promise<ServiceProcess> {
    const service = this.#start(['verifier', 'run', '--config', this.verifierConfig], this.#env.verifier);
    await service.logged('broker connected');
    return service;
  }

  /** Starts the daemon, with more in its environment if need be, and resolves when it runs. */
  async startDaemon(more: Environment = {}): Promise<ServiceProcess> {
    const service = this.#start(['run', '--config', this.daemonConfig], { ...this.#env.daemon, ...more });
    await service.logged('gateway runs');
    return service;
  }

  /** Runs a command of the verifier's machine that has to answer. */
  verifierSays(...args: string[]): Promise<string> {
    return answerOf(args, { env: this.#env.verifier, cwd: this.folder });
  }

  /** The device's public key, as `fieldseal key show --json` prints it. */
  deviceKey(): Promise<string> {
    return answerOf(['key', 'show', '--json', '--signer', this.#deviceUri], { env: this.#env.daemon });
  }

  /** What the daemon tells Prometheus of a metric; NaN for one that it doesn't know. */
  async metric(name: string, labels = ''): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`);
    const start = `fieldseal_${name}${labels} `;
    const line = (await response.text()).split('\n').find((one) => one.startsWith(start));
    return Number(line?.slice(start.length) ?? Number.NaN);
  }

  /** The receiver falls silent and is unplugged. */
  async silence(): Promise<void> {
    this.#unplugged.abort();
    await this.#driving;
  }

  /** Writes messages to files and gives their names. */
  async keep(messages: readonly Uint8Array[], name = 'proofs'): Promise<string[]> {
    await mkdir(this.path(name), { recursive: true });
    return messages.map((message, index) => {
      const file = this.path(`${name}/${String(index).padStart(6, '0')}.cose`);
      writeFileSync(file, message);
      return file;
    });
  }

  /** What `fieldseal verify` says of the files, with the verifier's exported list of devices. */
  async verify(files: readonly string[]): Promise<{ code: Finished['code']; verdicts: Record<string, unknown>[] }> {
    const { code, stdout } = await runProgram(['verify', '--devices', await this.#exportDevices(), ...files]);
    return { code, verdicts: jsonLines(stdout) };
  }

  /** What the verifier in Python, which shares no code with ours, says of them. */
  async verifyInPython(
    files: readonly string[],
  ): Promise<{ code: Finished['code']; verdicts: Record<string, unknown>[] }> {
    return verifyInPython(await this.#exportDevices(), files);
  }

  /** Ends all that runs and removes the folder. */
  async dispose(): Promise<void> {
    for (const service of this.#services) if (!service.hasEnded) await service.kill();
    await this.silence();
    this.spool.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(args: string[], env: Environment): ServiceProcess {
    const service = new ServiceProcess(args, { env, cwd: this.folder });
    this.#services.add(service);
    return service;
  }

  async #setUp({ brokerUrl, token, signer, daemon, mqtt, verifierMqtt }: SiteOptions): Promise<void> {
    const deviceToken = token ?? (await this.#softToken('device-token'));
    const verifierToken = await this.#softToken('verifier-token');
    this.#deviceUri = deviceToken.uri;
    this.#env = { daemon: deviceToken.env, verifier: verifierToken.env };
    this.#metricsPort = await freePort();
    this.device.open();
    await mkdir(this.path('verifier'));
    this.#write(this.daemonConfig, {
      signer: { uri: deviceToken.uri, algorithm: deviceToken.algorithm, ...signer },
      ports: [{ source: 'gnss', path: this.device.path, profile: 'gnss/generic-nmea' }],
      batching: { maxAge: '300ms' },
      outbox: { directory: 'outbox' },
      mqtt: { url: brokerUrl, ...QUICK_MQTT, ...mqtt },
      uplink: { receiptTimeout: '1s' },
      verifier: { publicKeyFile: 'verifier.json' },
      clock: { wait: '0s', gnss: false },
      health: { interval: '0s', listen: `127.0.0.1:${this.#metricsPort}` },
      ...daemon,
    });
    this.#write(this.verifierConfig, {
      signer: { uri: verifierToken.uri, algorithm: verifierToken.algorithm },
      ledger: 'verifier/ledger.sqlite',
      mqtt: { url: brokerUrl, ...QUICK_MQTT, ...mqtt, ...verifierMqtt },
    });
    await this.#introduce(deviceToken, verifierToken);
    this.#driving = this.device.run(this.#unplugged.signal);
  }

  /** Makes both keys, and lets the device and the verifier know each other. */
  async #introduce(device: Required<SiteOptions>['token'], verifier: Required<SiteOptions>['token']): Promise<void> {
    for (const { uri, algorithm, env } of [device, verifier]) {
      await answerOf(['key', 'create', '--signer', uri, '--algorithm', algorithm], { env });
    }
    writeFileSync(
      this.path('verifier.json'),
      await this.verifierSays('verifier', 'key', '--config', this.verifierConfig),
    );
    const where = ['--out', this.path('enrolment.cose'), '--owner', 'Ada Example', '--place', '47.3769,8.5417,408'];
    await answerOf(['enroll', '--config', this.daemonConfig, ...where], { env: device.env });
    const [admitted] = jsonLines(
      await this.verifierSays('verifier', 'enroll', '--json', '--config', this.verifierConfig, 'enrolment.cose'),
    );
    this.kid = String(admitted?.['kid']);
  }

  async #softToken(name: string): Promise<Required<SiteOptions>['token']> {
    const { uri, env } = await provisionSoftHsm(this.path(name), { token: name, object: 'signing-key' });
    return { uri, algorithm: 'ES256K', env };
  }

  async #exportDevices(): Promise<string> {
    const file = this.path('devices.json');
    writeFileSync(file, await this.verifierSays('verifier', 'devices', '--export', '--config', this.verifierConfig));
    return file;
  }

  /** JSON is YAML. */
  #write(file: string, config: object): void {
    writeFileSync(file, JSON.stringify(config, undefined, 2));
  }
}

/** Runs test/python/verify.py over proofs. */
export async function verifyInPython(
  devices: string,
  files: readonly string[],
): Promise<{ code: Finished['code']; verdicts: Record<string, unknown>[]; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(PYTHON, [PYTHON_VERIFIER, '--devices', devices, ...files]);
  return { code, verdicts: jsonLines(stdout), stderr };
}
