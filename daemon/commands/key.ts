import { Command, Option } from 'commander';
import { locate } from '../errors.ts';
import { type Algorithm, kidToText, type PublicKey, publicKeyToJson, thumbprint } from '../proof/index.ts';
import { createKey, showKey } from '../signing/index.ts';
import { type CommandIo, examples, printJson, printLine } from './io.ts';

const TOKEN =
  'pkcs11:token=fieldseal;object=device?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/fieldseal/pin';

interface SignerOptions {
  signer: string;
  json?: true;
}

export function keyCommand(io: CommandIo): Command {
  const withSigner = (command: Command): Command =>
    command
      .requiredOption('--signer <uri>', 'where the key lives: pkcs11:... (RFC 7512), or file:PATH for development')
      .option('--json', 'print the public key as a JSON Web Key');
  const create = withSigner(new Command('create'))
    .summary('make a key in the token; refuses where one of that name is')
    .addOption(new Option('--algorithm <name>', 'the curve').choices(['ES256K', 'ES256']).default('ES256K'))
    .addHelpText('after', examples(`fieldseal key create --signer '${TOKEN}'`))
    .action(async ({ signer, algorithm, json }: SignerOptions & { algorithm: Algorithm }) =>
      printKey(io, await locate('--signer', () => createKey(signer, algorithm)), json),
    );
  const show = withSigner(new Command('show'))
    .summary('show the public key and the device id')
    .addHelpText('after', examples(`fieldseal key show --json --signer '${TOKEN}' > device.json`))
    .action(async ({ signer, json }: SignerOptions) =>
      printKey(io, (await locate('--signer', () => showKey(signer))).publicKey, json),
    );
  return new Command('key')
    .addHelpText('after', examples(`fieldseal key show --signer '${TOKEN}'`))
    .addCommand(create)
    .addCommand(show);
}

/** Prints a public key: as a JSON Web Key, or for people. */
export async function printKey(io: CommandIo, key: PublicKey, json: boolean | undefined): Promise<void> {
  if (json) return printJson(io.stdout, publicKeyToJson(key));
  const { crv, x, y } = publicKeyToJson(key);
  await printLine(io.stdout, `device id  ${kidToText(thumbprint(key))}`);
  await printLine(io.stdout, `algorithm  ${key.algorithm} (${crv})`);
  await printLine(io.stdout, `x          ${x}\ny          ${y}`);
}
