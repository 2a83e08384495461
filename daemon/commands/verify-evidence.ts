import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { FieldsealError, reasonOf } from '../errors.ts';
import { listSegments, readRange, type Segment } from '../evidence/index.ts';
import { kidToText, ProofError, parseProof, verifyProof } from '../proof/index.ts';
import type { Observation, Reading } from '../readings/index.ts';
import { answerNo, type CommandIo, examples, printLine, readNamedFile, toHex } from './io.ts';
import { type KeyRing, readKeyRing } from './keys.ts';

interface EvidenceOptions {
  proof: string[];
  source?: string;
  key?: string;
  devices?: string;
}

type Evidence = Extract<Observation, { kind: 'source.evidence' }>['fields'];
/** `gone`: some of the bytes are no longer on disk, which says nothing against the others. */
type State = 'same' | 'changed' | 'gone';

export function verifyEvidenceCommand(io: CommandIo): Command {
  return new Command('verify-evidence')
    .description(
      'Holds the raw bytes that a gateway keeps of a source against the hashes that it sealed. Prints one JSON line a sealed ' +
        'stretch of bytes: same, changed, or gone from the disk. Exits 1 where one is changed, a proof is refused, or none is the ' +
        'same.',
    )
    .argument('<folder>', "the source's folder of segments: the configured evidence directory, then the source's name")
    .requiredOption('--proof <file...>', 'proofs as published (*.cose)')
    .option('--source <name>', "the source's name (default: that of the folder)")
    .option('--key <file>', "the device's public key, as `fieldseal key show --json` prints it")
    .option('--devices <file>', 'devices.json, as `fieldseal verifier devices --export` prints it')
    .addHelpText(
      'after',
      examples('fieldseal verify-evidence /var/lib/fieldseal/evidence/gnss --key device.json --proof proofs/*.cose'),
    )
    .action((folder: string, options: EvidenceOptions) => verifyEvidence(io, folder, options));
}

async function verifyEvidence(io: CommandIo, folder: string, options: EvidenceOptions): Promise<void> {
  const keys = await readKeyRing(options, 'fieldseal verify-evidence');
  const source = options.source ?? basename(resolve(folder));
  const segments = await segmentsOf(folder);
  const seen = new Set<State | 'refused'>();
  for (const file of options.proof) {
    const message = await readNamedFile(file);
    try {
      for (const { t, fields } of evidenceIn(message, keys, source)) {
        const state = await compare(segments, fields);
        seen.add(state);
        const { from = 0, offset, sha256 } = fields;
        const view = { file, source, t: new Date(t).toISOString(), from, offset, sha256: toHex(sha256), state };
        await printLine(io.stdout, JSON.stringify(view));
      }
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      seen.add('refused');
      await printLine(
        io.stdout,
        JSON.stringify({ file, state: 'refused', reason: error.reason, detail: error.detail }),
      );
    }
  }
  if (!seen.has('same') || seen.has('changed') || seen.has('refused')) answerNo(io);
}

async function segmentsOf(folder: string): Promise<Segment[]> {
  try {
    return await listSegments(folder);
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: folder, cause });
  }
}

/** The evidence of a source in a proof that holds. @throws ProofError */
function evidenceIn(message: Uint8Array, keys: KeyRing, source: string): { t: number; fields: Evidence }[] {
  const { kid } = parseProof(message);
  const key = keys(kid);
  if (key === undefined) throw new ProofError('unknown-device', `${kidToText(kid)} is none of the given keys`);
  return verifyProof(message, key).readings.flatMap((reading: Reading) =>
    reading.kind === 'source.evidence' && reading.source === source ? [{ t: reading.t, fields: reading.fields }] : [],
  );
}

async function compare(segments: readonly Segment[], { from = 0, offset, sha256 }: Evidence): Promise<State> {
  const range = readRange(segments, from, offset);
  if (range === undefined) return 'gone';
  const hash = createHash('sha256');
  for await (const bytes of range) hash.update(bytes);
  return Buffer.compare(hash.digest(), sha256) === 0 ? 'same' : 'changed';
}
