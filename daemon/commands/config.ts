import { Command } from 'commander';
import { DAEMON_EXAMPLE, findConfigErrors, loadDaemonConfig, readConfig, VERIFIER_EXAMPLE } from '../config/index.ts';
import { EXIT, FieldsealError } from '../errors.ts';
import { loadSources } from '../sources.ts';
import { type CommandIo, examples, printJson, printLine } from './io.ts';

export function configCommand(io: CommandIo): Command {
  const example = new Command('example')
    .summary('print the annotated configuration')
    .option('--verifier', "the verifier's, instead of the daemon's")
    .addHelpText('after', examples('fieldseal config example > fieldseal.yaml'))
    .action(async ({ verifier }: { verifier?: true }) => {
      await printLine(io.stdout, (verifier ? VERIFIER_EXAMPLE : DAEMON_EXAMPLE).trimEnd());
    });
  const check = new Command('check')
    .summary('check a configuration and name every mistake')
    .argument('<file>')
    .option('--verifier', "the verifier's, instead of the daemon's")
    .option('--json', 'print {"ok", "errors"} for a program')
    .addHelpText('after', examples('fieldseal config check /etc/fieldseal/fieldseal.yaml'))
    .action((file: string, options: CheckOptions) => checkConfig(io, file, options));
  return new Command('config')
    .addHelpText('after', examples('fieldseal config example > fieldseal.yaml'))
    .addCommand(example)
    .addCommand(check);
}

interface CheckOptions {
  verifier?: true;
  json?: true;
}

async function checkConfig(io: CommandIo, file: string, { verifier, json }: CheckOptions): Promise<void> {
  const errors = findConfigErrors(await readConfig(file), file, verifier ? 'verifier' : 'daemon');
  if (errors.length === 0 && !verifier) errors.push(...(await findProfileErrors(file)));
  if (errors.length > 0) io.exitCode = EXIT.usage;
  if (json) {
    const list = errors.map(({ code, place, message, remedy }) => ({ code, place, message, remedy }));
    await printJson(io.stdout, { ok: errors.length === 0, errors: list });
  } else if (errors.length === 0) {
    await printLine(io.stdout, `${file}: good`);
  } else {
    for (const error of errors) await printLine(io.stderr, error.toLine());
  }
}

/** A port's profile that is not there, or not valid. */
async function findProfileErrors(file: string): Promise<FieldsealError[]> {
  const config = await loadDaemonConfig(file);
  try {
    await loadSources(config);
    return [];
  } catch (error) {
    if (!(error instanceof FieldsealError)) throw error;
    return [error.code === 'PROFILE_NOT_FOUND' ? error.at(`${file} ${error.place}`) : error];
  }
}
