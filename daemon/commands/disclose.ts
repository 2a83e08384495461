import { Command, InvalidArgumentError } from 'commander';
import { FieldsealError } from '../errors.ts';
import {
  kidToText,
  ProofError,
  proveReading,
  readingProofFromJson,
  readingProofToJson,
  thumbprint,
  verifyReading,
} from '../proof/index.ts';
import { readingToJson } from '../readings/index.ts';
import { openNamedProof } from './inspect.ts';
import { answerNo, type CommandIo, examples, printJson, readNamedJson, toHex } from './io.ts';
import { readPublicKey } from './keys.ts';

export function proveReadingCommand(io: CommandIo): Command {
  return new Command('prove-reading')
    .description(
      'Prints one reading with its salt and its path to the Merkle root, as JSON with all bytes in hex. ' +
        'Whoever gets it learns nothing of the other readings.',
    )
    .argument('<file>', 'a proof as published (*.cose)')
    .argument('<index>', 'which reading, from 0, as `fieldseal inspect` counts them', parseIndex)
    .addHelpText('after', examples('fieldseal prove-reading proofs/000003.cose 12 > reading.json'))
    .action((file: string, index: number) => prove(io, file, index));
}

export function verifyReadingCommand(io: CommandIo): Command {
  return new Command('verify-reading')
    .description(
      'Verifies that the device signed this reading, and prints it. Exits 1, with the reasons, where it did not.',
    )
    .argument('<file>', 'what `fieldseal prove-reading` printed')
    .requiredOption('--key <file>', "the device's public key, as `fieldseal key show --json` prints it")
    .addHelpText('after', examples('fieldseal verify-reading reading.json --key device.json'))
    .action((file: string, options: { key: string }) => verify(io, file, options));
}

async function prove(io: CommandIo, file: string, index: number): Promise<void> {
  const { proof, readings } = await openNamedProof(file);
  if (index >= readings.length) {
    const detail = `${index}; the proof has ${readings.length}`;
    throw new FieldsealError('INDEX_OUT_OF_RANGE', { detail, place: file });
  }
  await printJson(io.stdout, readingProofToJson(proveReading(proof, index)));
}

async function verify(io: CommandIo, file: string, options: { key: string }): Promise<void> {
  const key = await readPublicKey(options.key);
  const json = await readNamedJson(file, 'READING_PROOF_INVALID');
  try {
    const { reading, payload, digest } = verifyReading(readingProofFromJson(json), key);
    await printJson(io.stdout, {
      ok: true,
      device: kidToText(thumbprint(key)),
      epoch: toHex(payload.epoch),
      seq: payload.seq,
      digest: toHex(digest),
      reading: readingToJson(reading, reading.t),
    });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    await printJson(io.stdout, { ok: false, reasons: [error.reason], detail: error.detail });
    answerNo(io);
  }
}

function parseIndex(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('write a number from 0');
  return Number(text);
}
