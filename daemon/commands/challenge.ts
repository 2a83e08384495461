import { Command, InvalidArgumentError } from 'commander';
import { loadVerifierConfig } from '../config/index.ts';
import { FieldsealError, locate } from '../errors.ts';
import { createLog, logDestination } from '../log.ts';
import { type BeaconOrder, kidFromText, ProofError } from '../proof/index.ts';
import { openSigner } from '../signing/index.ts';
import { challengeDevice, openLedger } from '../verifier/index.ts';
import { answerNo, type CommandIo, examples, printJson, toHex } from './io.ts';

interface ChallengeCommandOptions {
  config: string;
  beacon?: Uint8Array;
  frequency: number;
  spreadingFactor: number;
  bandwidth: number;
  codingRate: number;
  power: number;
  source?: string;
}

/** `fieldseal verifier challenge`: a fresh nonce for a device, and a packet for its radio to transmit. */
export function challengeCommand(io: CommandIo): Command {
  return new Command('challenge')
    .summary('challenge a device: its next proof carries the nonce; its radio may be asked for a beacon')
    .argument('<device>', 'its id, 43 characters')
    .requiredOption('--config <file>', "the verifier's configuration")
    .option('--beacon <hex>', 'payload of a LoRa packet that its radio is to transmit, once', parsePayload)
    .option('--frequency <hz>', 'of the beacon', parseWhole, 868_100_000)
    .option('--spreading-factor <n>', 'of the beacon', parseWhole, 12)
    .option('--bandwidth <hz>', 'of the beacon', parseWhole, 125_000)
    .option('--coding-rate <n>', 'of the beacon: the n of 4/n', parseWhole, 5)
    .option('--power <dbm>', 'of the beacon', parseWhole, 14)
    .option('--source <name>', 'the source whose radio is meant; any that can, where it is left out')
    .addHelpText(
      'after',
      examples(
        'fieldseal verifier challenge DEVICE --config /etc/fieldseal/verifier.yaml',
        'fieldseal verifier challenge DEVICE --beacon 0102030405 --frequency 868300000 --config /etc/fieldseal/verifier.yaml',
      ),
    )
    .action((device: string, options: ChallengeCommandOptions) => challenge(io, device, options));
}

async function challenge(io: CommandIo, device: string, options: ChallengeCommandOptions): Promise<void> {
  const kid = kidFromText(device);
  if (kid === undefined) throw new FieldsealError('USAGE', { detail: `${device} is no device id` });
  const config = await loadVerifierConfig(options.config);
  const signer = await locate('signer.uri', () => openSigner(config.signer));
  const ledger = openLedger(config.ledger);
  try {
    const beacon = beaconOf(options);
    const sent = await challengeDevice(config, kid, {
      signer,
      ledger,
      log: createLog('silent', logDestination(io.stderr, io.env)),
      now: Date.now(),
      ...(beacon === undefined ? {} : { beacon }),
    });
    if (sent === undefined) {
      answerNo(io);
      return printJson(io.stdout, { ok: false, device, reason: 'not admitted, or suspended' });
    }
    const { nonce, expiry } = sent;
    await printJson(io.stdout, { ok: true, device, nonce: toHex(nonce), expires: new Date(expiry).toISOString() });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new FieldsealError('USAGE', { detail: error.detail, cause: error });
  } finally {
    ledger.close();
    await signer.close();
  }
}

function beaconOf({ beacon, source, ...radio }: ChallengeCommandOptions): BeaconOrder | undefined {
  if (beacon === undefined) return undefined;
  const { frequency, spreadingFactor, bandwidth, codingRate, power } = radio;
  const order = { payload: beacon, frequency, spreadingFactor, bandwidth, codingRate, power };
  return source === undefined ? order : { ...order, source };
}

function parsePayload(text: string): Uint8Array {
  if (!/^([0-9a-fA-F]{2}){1,255}$/.test(text)) throw new InvalidArgumentError('write 1 to 255 bytes in hexadecimal');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function parseWhole(text: string): number {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('write a whole number');
  return Number(text);
}
