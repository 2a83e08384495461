import { Command, InvalidArgumentError } from 'commander';
import { loadDaemonConfig } from '../config/index.ts';
import { FieldsealError, locate, reasonOf } from '../errors.ts';
import { writeDurably } from '../files.ts';
import { kidToText, type Place, thumbprint } from '../proof/index.ts';
import { makeEnrolment } from '../self-enrolment.ts';
import { openSigner } from '../signing/index.ts';
import { type CommandIo, examples, printJson, printLine } from './io.ts';

interface EnrollOptions {
  config: string;
  out: string;
  owner?: string;
  place?: Place;
  json?: true;
}

export function enrollCommand(io: CommandIo): Command {
  return new Command('enroll')
    .description(
      "Makes the record by which a verifier admits this device: public key, who holds it, profiles, owner and asserted place, signed by the device's own key.",
    )
    .requiredOption('--config <file>', "the daemon's configuration")
    .option('--out <file>', 'where the record goes', 'enrolment.cose')
    .option('--owner <name>', 'who answers for the device')
    .option('--place <lat,lon[,alt]>', 'where it is mounted: degrees, and metres above sea level', parsePlace)
    .option('--json', 'print what was recorded as JSON')
    .addHelpText(
      'after',
      examples(
        'fieldseal enroll --config /etc/fieldseal/fieldseal.yaml --owner "Ada Example" --place 52.5163,13.3777,35',
      ),
    )
    .action((options: EnrollOptions) => enroll(io, options));
}

async function enroll(io: CommandIo, { config: file, out, owner, place, json }: EnrollOptions): Promise<void> {
  const config = await loadDaemonConfig(file);
  const signer = await locate('signer.uri', () => openSigner(config.signer));
  try {
    const { record, profiles } = await makeEnrolment(config, signer, { owner, place });
    await write(out, record);
    const device = kidToText(thumbprint(signer.publicKey));
    if (json) return printJson(io.stdout, { device, file: out, custody: signer.custody, profiles });
    await printLine(io.stdout, `device  ${device}`);
    await printLine(
      io.stdout,
      `key     ${signer.custody.hardware ? 'in hardware' : 'in software'}: ${signer.custody.holder}`,
    );
    await printLine(io.stdout, `record  ${out}; admit it on the verifier with \`fieldseal verifier enroll ${out}\``);
  } finally {
    await signer.close();
  }
}

async function write(file: string, record: Uint8Array): Promise<void> {
  try {
    await writeDurably(file, record);
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place: file, cause });
  }
}

function parsePlace(text: string): Place {
  const [lat, lon, alt, more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const good =
    lat !== undefined && lon !== undefined && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && more === undefined;
  if (!good || (alt !== undefined && !(Math.abs(alt) <= 100_000))) {
    throw new InvalidArgumentError('write latitude,longitude in degrees, such as 52.5163,13.3777');
  }
  return {
    lat: Math.round(lat * 1e7),
    lon: Math.round(lon * 1e7),
    ...(alt === undefined ? {} : { altMSL: Math.round(alt * 1e3) }),
  };
}
