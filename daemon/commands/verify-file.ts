import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { hashFile } from '../camera/hash-file.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
import { kidToText, ProofError, parseProof, verifyProof } from '../proof/index.ts';
import { type Reading, readingToJson } from '../readings/index.ts';
import { answerNo, type CommandIo, examples, printJson, readNamedFile, toHex } from './io.ts';
import { type KeyRing, readKeyRing } from './keys.ts';

interface VerifyFileOptions {
  proof: string[];
  key?: string;
  devices?: string;
}

/** Where a file was sealed. */
interface Sealed {
  readonly sealed: object;
  readonly device: string;
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
}

/** A proof that counts for nothing, and why. */
interface Refused {
  readonly file: string;
  readonly reason: string;
  readonly detail: string;
}

export function verifyFileCommand(io: CommandIo): Command {
  return new Command('verify-file')
    .description(
      'Shows that an image or clip is the one that was sealed: finds its SHA-256 among the camera.frame readings of ' +
        'verified proofs, and prints the first that has it. Exits 1 where none has.',
    )
    .argument('<file>', 'the image or clip')
    .requiredOption('--proof <file...>', 'proofs as published (*.cose)')
    .option('--key <file>', "the device's public key, as `fieldseal key show --json` prints it")
    .option('--devices <file>', 'devices.json, as `fieldseal verifier devices --export` prints it')
    .addHelpText(
      'after',
      examples(
        'fieldseal verify-file clip.mp4 --devices devices.json --proof proofs/*.cose',
        'fieldseal verify-file clip.mp4 --key device.json --proof proofs/000003.cose',
      ),
    )
    .action((file: string, options: VerifyFileOptions) => verifyFile(io, file, options));
}

async function verifyFile(io: CommandIo, file: string, options: VerifyFileOptions): Promise<void> {
  const keys = await readKeyRing(options, 'fieldseal verify-file');
  const sha256 = await hashNamedFile(file);
  const refused: Refused[] = [];
  let found: Sealed | undefined;
  for (const name of options.proof) {
    const message = await readNamedFile(name);
    try {
      found ??= findIn(message, keys, sha256);
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      refused.push({ file: name, reason: error.reason, detail: error.detail });
    }
    if (found !== undefined) break;
  }
  const answer = { ok: found !== undefined, file, sha256: toHex(sha256), ...found };
  await printJson(io.stdout, refused.length === 0 ? answer : { ...answer, refused });
  if (found === undefined) answerNo(io);
}

async function hashNamedFile(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      return await hashFile(handle);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: file, cause });
  }
}

/** Verifies a proof, and finds the frame of that hash in it. @throws ProofError */
function findIn(message: Uint8Array, keys: KeyRing, sha256: Uint8Array): Sealed | undefined {
  const { kid } = parseProof(message);
  const key = keys(kid);
  if (key === undefined) throw new ProofError('unknown-device', `${kidToText(kid)} is none of the given keys`);
  const { proof, readings } = verifyProof(message, key);
  const frame = readings.find((reading) => isFrameOf(reading, sha256));
  if (frame === undefined) return undefined;
  const { epoch, seq } = proof.payload;
  return {
    sealed: readingToJson(frame, frame.t),
    device: kidToText(kid),
    epoch: toHex(epoch),
    seq,
    digest: toHex(proof.digest),
  };
}

const isFrameOf = (reading: Reading, sha256: Uint8Array): boolean =>
  reading.kind === 'camera.frame' && Buffer.compare(reading.fields.sha256, sha256) === 0;
