import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DaemonConfig, loadDaemonConfig, loadVerifierConfig, type VerifierConfig } from '../config/index.ts';
import { FieldsealError } from '../errors.ts';
import { publicKeyToJson } from '../proof/index.ts';
import { makeEnrolment } from '../self-enrolment.ts';
import { createKey, openSigner, provisionSoftHsm } from '../signing/index.ts';
import { admit, exportDevices, openLedger } from '../verifier/index.ts';

/** What a newcomer would set up by hand: a token with two keys, two configurations, an admitted device. */
export interface DemoStage {
  readonly folder: string;
  readonly daemon: DaemonConfig;
  readonly verifier: VerifierConfig;
  /** Removes the folder, unless it is kept. */
  clear(): Promise<void>;
}

export interface DemoPlan {
  /** Where to leave all that the demo makes; undefined: nowhere. */
  readonly keep: string | undefined;
  readonly brokerUrl: string;
  /** The two virtual devices. */
  readonly nmeaPort: string;
  readonly ubloxPort: string;
}

/** Makes the folder of the demo. @throws FieldsealError FILE_NOT_WRITABLE where it is not empty or cannot be made */
export async function makeDemoFolder(keep: string | undefined): Promise<string> {
  if (keep === undefined) return mkdtemp(join(tmpdir(), 'fieldseal-demo-'));
  const folder = resolve(keep);
  try {
    await mkdir(folder, { recursive: true });
    await mkdir(join(folder, 'proofs'));
    await mkdir(join(folder, 'receipts'));
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const detail = taken ? 'an earlier demo is in it' : cause instanceof Error ? cause.message : String(cause);
    throw new FieldsealError('FILE_NOT_WRITABLE', { detail, place: `--keep ${keep}`, cause });
  }
  return folder;
}

/** Sets everything up in the folder, through the same steps and files as a real gateway and verifier. */
export async function setStage(folder: string, plan: DemoPlan): Promise<DemoStage> {
  const token = await provisionSoftHsm(join(folder, 'token'), { token: 'fieldseal-demo', object: 'device' });
  // SoftHSM finds its store by the environment of the process that loads it.
  Object.assign(process.env, token.env);
  const verifierUri = token.uri.replace('object=device', 'object=verifier');
  await createKey(token.uri, 'ES256K');
  const verifierKey = await createKey(verifierUri, 'ES256K');

  await writeFile(join(folder, 'verifier.json'), `${JSON.stringify(publicKeyToJson(verifierKey), undefined, 2)}\n`);
  await writeFile(join(folder, 'fieldseal.yaml'), daemonYaml(token.uri, plan));
  await writeFile(join(folder, 'verifier.yaml'), verifierYaml(verifierUri, plan));
  const daemon = await loadDaemonConfig(join(folder, 'fieldseal.yaml'));
  const verifier = await loadVerifierConfig(join(folder, 'verifier.yaml'));
  await enrol(folder, daemon, verifier);
  const clear = async () => {
    if (plan.keep === undefined) await rm(folder, { recursive: true, force: true });
  };
  return { folder, daemon, verifier, clear };
}

async function enrol(folder: string, daemon: DaemonConfig, verifier: VerifierConfig): Promise<void> {
  const signer = await openSigner(daemon.signer);
  const { record } = await makeEnrolment(daemon, signer, { owner: 'the demo' });
  await signer.close();
  await writeFile(join(folder, 'enrolment.cose'), record);
  const ledger = openLedger(verifier.ledger);
  admit(ledger, record, Date.now());
  const devices = exportDevices(ledger);
  ledger.close();
  await writeFile(join(folder, 'devices.json'), `${JSON.stringify(devices, undefined, 2)}\n`);
}

const daemonYaml = (uri: string, { brokerUrl, nmeaPort, ubloxPort }: DemoPlan): string => `# Made by \`fieldseal demo\`.
signer: { uri: ${JSON.stringify(uri)}, algorithm: ES256K }
ports:
  - { source: gnss-nmea, path: ${JSON.stringify(nmeaPort)}, profile: gnss/generic-nmea }
  - { source: gnss-ublox, path: ${JSON.stringify(ubloxPort)}, profile: gnss/ublox-neo-m8u }
batching: { maxAge: 2s }
clock: { wait: 0s }
outbox: { directory: outbox }
mqtt: { url: ${JSON.stringify(brokerUrl)} }
uplink: { receiptTimeout: 10s }
verifier: { publicKeyFile: verifier.json }
health: { interval: 2s }
log: { level: warn }
`;

const verifierYaml = (uri: string, { brokerUrl }: DemoPlan): string => `# Made by \`fieldseal demo\`.
signer: { uri: ${JSON.stringify(uri)}, algorithm: ES256K }
ledger: ledger.sqlite
mqtt: { url: ${JSON.stringify(brokerUrl)} }
log: { level: warn }
`;
