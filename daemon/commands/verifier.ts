import { Command } from 'commander';
import { loadVerifierConfig, type VerifierConfig } from '../config/index.ts';
import { FieldsealError, locate } from '../errors.ts';
import { createLog, logDestination } from '../log.ts';
import { kidFromText } from '../proof/index.ts';
import { openSigner } from '../signing/index.ts';
import {
  admit,
  type DeviceListing,
  exportDevices,
  type Ledger,
  listDevices,
  openLedger,
  setDeviceState,
  VerifierService,
} from '../verifier/index.ts';
import { challengeCommand } from './challenge.ts';
import { answerNo, type CommandIo, examples, printJson, printLine, readNamedFile } from './io.ts';
import { printKey } from './key.ts';

interface ConfigOption {
  config: string;
}

const CONFIG = '/etc/fieldseal/verifier.yaml';

export function verifierCommand(io: CommandIo): Command {
  const sub = (name: string, summary: string, ...lines: string[]): Command =>
    new Command(name)
      .summary(summary)
      .requiredOption('--config <file>', "the verifier's configuration")
      .addHelpText('after', examples(...lines.map((line) => `fieldseal verifier ${line} --config ${CONFIG}`)));
  const run = sub('run', 'verify proofs and answer with receipts, until told to stop', 'run').action(
    async ({ config }: ConfigOption) => runVerifier(io, await loadVerifierConfig(config)),
  );
  const key = sub('key', 'print the public key that devices pin, as a JSON Web Key', 'key').action(
    async ({ config: file }: ConfigOption) => {
      const config = await loadVerifierConfig(file);
      const signer = await locate('signer.uri', () => openSigner(config.signer));
      await signer.close();
      await printKey(io, signer.publicKey, true);
    },
  );
  const enroll = sub('enroll', 'admit a device by its enrolment record', 'enroll enrolment.cose')
    .argument('<file...>', 'what `fieldseal enroll` made on the device')
    .option('--json', 'print JSON')
    .action((files: string[], options: ConfigOption & { json?: true }) => enrollDevices(io, files, options));
  const devices = sub('devices', 'list the admitted devices and how their proofs fared', 'devices', 'devices --export')
    .option('--json', 'print JSON')
    .option('--export', 'print devices.json: what others need to verify the proofs')
    .action((options: ConfigOption & { json?: true; export?: true }) => showDevices(io, options));
  const suspend = sub('suspend', "leave a device's proofs unanswered from now on", 'suspend DEVICE')
    .argument('<device>', 'its id, 43 characters')
    .action((device: string, { config }: ConfigOption) => setState(io, config, device, 'suspend'));
  const reinstate = sub('reinstate', 'take a suspended device back', 'reinstate DEVICE')
    .argument('<device>', 'its id, 43 characters')
    .action((device: string, { config }: ConfigOption) => setState(io, config, device, 'reinstate'));
  const group = new Command('verifier').addHelpText('after', examples(`fieldseal verifier run --config ${CONFIG}`));
  for (const command of [run, key, enroll, devices, suspend, reinstate]) group.addCommand(command);
  group.addCommand(challengeCommand(io));
  return group;
}

async function runVerifier(io: CommandIo, config: VerifierConfig): Promise<void> {
  const log = createLog(config.log.level, logDestination(io.stderr, io.env));
  const signer = await locate('signer.uri', () => openSigner(config.signer));
  try {
    log.info({ ledger: config.ledger, broker: config.mqtt.url }, 'verifier starts');
    await new VerifierService(config, { signer, log }).run(io.signal);
    log.info({}, 'verifier stopped');
  } finally {
    await signer.close();
  }
}

async function withLedger<T>(file: string, use: (ledger: Ledger) => T | Promise<T>): Promise<T> {
  const ledger = openLedger((await loadVerifierConfig(file)).ledger);
  try {
    return await use(ledger);
  } finally {
    ledger.close();
  }
}

async function enrollDevices(
  io: CommandIo,
  files: readonly string[],
  { config, json }: ConfigOption & { json?: true },
): Promise<void> {
  const records = await Promise.all(files.map(async (file) => ({ file, record: await readNamedFile(file) })));
  await withLedger(config, async (ledger) => {
    for (const { file, record } of records) {
      const admission = await locate(file, () => admit(ledger, record, Date.now()));
      if (json) await printLine(io.stdout, JSON.stringify({ file, ...admission }));
      else await printLine(io.stdout, `${admission.kid}  ${admission.outcome}  ${file}`);
    }
  });
}

async function showDevices(io: CommandIo, options: ConfigOption & { json?: true; export?: true }): Promise<void> {
  await withLedger(options.config, async (ledger) => {
    if (options.export) return printJson(io.stdout, exportDevices(ledger));
    const list = listDevices(ledger);
    if (options.json) return printJson(io.stdout, list);
    if (list.devices.length === 0)
      await printLine(io.stdout, 'No device is admitted; `fieldseal verifier enroll` admits one.');
    for (const device of list.devices) await printLine(io.stdout, describe(device));
    for (const { kid, messages, lastSeen } of list.strangers) {
      await printLine(io.stdout, `${kid}  not admitted: ${messages} messages, the last at ${lastSeen}`);
    }
  });
}

function describe({ kid, algorithm, custody, owner, state, proofs, lastSeq, lastSeen }: DeviceListing): string {
  const held = custody.hardware ? 'hardware' : 'software';
  const verdicts = Object.entries(proofs).filter(([, count]) => count > 0);
  const fared = verdicts.map(([verdict, count]) => `${count} ${verdict}`).join(', ') || 'no proofs yet';
  const last = lastSeen === undefined ? '' : `; last seq ${lastSeq} at ${lastSeen}`;
  return `${kid}  ${state}  ${algorithm} in ${held} (${custody.holder})  ${owner ?? 'no owner'}  ${fared}${last}`;
}

const STATES = { suspend: 'suspended', reinstate: 'active' } as const;

async function setState(io: CommandIo, config: string, device: string, verb: keyof typeof STATES): Promise<void> {
  const kid = kidFromText(device);
  if (kid === undefined) {
    const detail = `${JSON.stringify(device)} is no device id; \`fieldseal verifier devices\` lists them`;
    throw new FieldsealError('USAGE', { detail, place: `fieldseal verifier ${verb}` });
  }
  const state = STATES[verb];
  const known = await withLedger(config, (ledger) => setDeviceState(ledger, kid, state));
  if (!known) answerNo(io);
  await printLine(io.stdout, known ? `${device}  ${state}` : `${device}  is not admitted`);
}
