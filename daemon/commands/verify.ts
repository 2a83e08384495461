import { Command } from 'commander';
import {
  ChainVerifier,
  checkSignature,
  kidToText,
  linkOf,
  openReadings,
  type Proof,
  ProofError,
  parseProof,
  type Reason,
} from '../proof/index.ts';
import { checkRanges } from '../readings/index.ts';
import { answerNo, type CommandIo, examples, printLine, readNamedFile, toHex } from './io.ts';
import { type KeyRing, readKeyRing } from './keys.ts';

interface VerifyOptions {
  key?: string;
  devices?: string;
}

/** One line of the answer: good proofs say where they stand, bad ones why they are refused. */
interface FileVerdict {
  readonly file: string;
  readonly ok: boolean;
  /** Why it is refused, or what is remarkable about its place in the chain. */
  readonly reasons: readonly Reason[];
  readonly detail?: string;
  readonly kid?: string;
  readonly epoch?: string;
  readonly seq?: number;
  readonly digest?: string;
  readonly readings?: number;
}

/** Reasons that name something remarkable about a good proof; every other reason refuses it. */
const REMARKS: ReadonlySet<Reason> = new Set(['gap', 'restart', 'duplicate']);

export function verifyCommand(io: CommandIo): Command {
  return new Command('verify')
    .description(
      'Verifies proofs as published: structure, signature, readings, ranges, and the chain of all files of a device. ' +
        'Prints one JSON verdict a file, in chain order, and exits 1 if any is refused.',
    )
    .argument('<file...>', 'proofs as published (*.cose)')
    .option('--key <file>', "the device's public key, as `fieldseal key show --json` prints it")
    .option('--devices <file>', 'devices.json, as `fieldseal verifier devices --export` prints it')
    .addHelpText('after', examples('fieldseal verify --devices devices.json proofs/*.cose'))
    .action((files: string[], options: VerifyOptions) => verify(io, files, options));
}

async function verify(io: CommandIo, files: readonly string[], options: VerifyOptions): Promise<void> {
  const keys = await readKeyRing(options);
  const opened: { file: string; proof: Proof; reasons: Reason[] }[] = [];
  const verdicts: FileVerdict[] = [];
  for (const file of files) {
    const message = await readNamedFile(file);
    try {
      opened.push({ file, ...verifyAlone(message, keys) });
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      verdicts.push({ file, ok: false, reasons: [error.reason], detail: error.detail });
    }
  }
  opened.sort((a, b) => order(a.proof, b.proof));
  const chains = new Map<string, ChainVerifier>();
  for (const { file, proof, reasons } of opened) {
    const kid = kidToText(proof.kid);
    const chain = chains.get(kid) ?? new ChainVerifier();
    chains.set(kid, chain);
    const all = [...reasons, ...chain.add(linkOf(proof))];
    const { epoch, seq, size } = proof.payload;
    const place = { kid, epoch: toHex(epoch), seq, digest: toHex(proof.digest), readings: size };
    verdicts.push({ file, ok: all.every((reason) => REMARKS.has(reason)), reasons: all, ...place });
  }
  for (const verdict of verdicts) await printLine(io.stdout, JSON.stringify(verdict));
  if (verdicts.some(({ ok }) => !ok)) answerNo(io);
}

function verifyAlone(message: Uint8Array, keys: KeyRing): { proof: Proof; reasons: Reason[] } {
  const proof = parseProof(message);
  const key = keys(proof.kid);
  if (key === undefined) throw new ProofError('unknown-device', `${kidToText(proof.kid)} is none of the given keys`);
  checkSignature(proof, key);
  const inRange = openReadings(proof).every(({ kind, fields }) => checkRanges(kind, fields).length === 0);
  return { proof, reasons: inRange ? [] : ['range'] };
}

function order(a: Proof, b: Proof): number {
  const byEpoch = a.payload.first - b.payload.first;
  return Buffer.compare(a.payload.epoch, b.payload.epoch) === 0 ? a.payload.seq - b.payload.seq : byEpoch;
}
