import { Command } from 'commander';
import { FieldsealError } from '../errors.ts';
import { kidToText, openReadings, type Proof, ProofError, parseProof } from '../proof/index.ts';
import { type JsonValue, type Reading, readingToJson } from '../readings/index.ts';
import { type CommandIo, examples, printJson, printLine, readNamedFile, toHex } from './io.ts';

export function inspectCommand(io: CommandIo): Command {
  return new Command('inspect')
    .description(
      'Shows a proof for human eyes. It says nothing of who signed it: that is what `fieldseal verify` answers.',
    )
    .argument('<file>', 'a proof as published (*.cose)')
    .option('--json', 'print JSON, with every reading')
    .addHelpText('after', examples('fieldseal inspect proofs/000003.cose'))
    .action((file: string, options: { json?: true }) => inspect(io, file, options));
}

/** Takes apart a proof that the operator named; PROOF_INVALID where it is none. */
export async function openNamedProof(file: string): Promise<{ proof: Proof; readings: Reading[] }> {
  const message = await readNamedFile(file);
  try {
    const proof = parseProof(message);
    return { proof, readings: openReadings(proof) };
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new FieldsealError('PROOF_INVALID', { detail: error.message, place: file, cause: error });
  }
}

async function inspect(io: CommandIo, file: string, { json }: { json?: true }): Promise<void> {
  const { proof, readings } = await openNamedProof(file);
  const facts = factsOf(proof);
  if (json) {
    const rows = readings.map((reading) => readingToJson(reading, reading.t));
    return printJson(io.stdout, { ...facts, readings: rows });
  }
  for (const [name, value] of Object.entries(facts)) await printLine(io.stdout, `${name.padEnd(10)} ${inWords(value)}`);
  await printLine(io.stdout, '');
  for (const [index, reading] of readings.entries()) {
    const { kind, source, t, ...fields } = readingToJson(reading, reading.t);
    const values = Object.entries(fields).map(([name, value]) => `${name}=${inWords(value)}`);
    await printLine(io.stdout, `${String(index).padStart(5)}  ${t}  ${source}  ${kind}  ${values.join(' ')}`);
  }
}

function factsOf(proof: Proof) {
  const { payload } = proof;
  const { clock, losses, sources, software } = payload;
  return {
    device: kidToText(proof.kid),
    algorithm: proof.algorithm,
    version: 1,
    epoch: toHex(payload.epoch),
    seq: payload.seq,
    prev: toHex(payload.prev),
    digest: toHex(proof.digest),
    root: toHex(payload.root),
    size: payload.size,
    first: new Date(payload.first).toISOString(),
    last: new Date(payload.last).toISOString(),
    clock: {
      source: clock.source,
      uncertaintyMs: clock.uncertaintyMs,
      bootId: toHex(clock.bootId),
      sinceBootMs: clock.sinceBootMs,
    },
    ...(payload.nonce === undefined ? {} : { nonce: toHex(payload.nonce) }),
    losses: losses.map(({ reason, count, from, to, proofs }) => ({
      reason,
      count,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...(proofs && { proofs: { epoch: toHex(proofs.epoch), first: proofs.first, last: proofs.last } }),
    })),
    sources: sources.map(({ source, profile, profileDigest }) => ({
      source,
      profile,
      profileDigest: toHex(profileDigest),
    })),
    software: `${software.name} ${software.version}`,
    bytes: { cose: proof.cose.length, block: proof.block.length },
  };
}

function inWords(value: JsonValue): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inWords).join('; ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${inWords(inner)}`)
    .join(', ');
}
