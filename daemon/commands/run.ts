import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { loadDaemonConfig } from '../config/index.ts';
import { locate } from '../errors.ts';
import { createLog, logDestination } from '../log.ts';
import { loadNative } from '../native.ts';
import { type CommandIo, examples } from './io.ts';

export function runCommand(io: CommandIo): Command {
  return new Command('run')
    .description(
      'Reads the configured ports, seals what they report, and delivers it, until it is told to stop (SIGTERM or SIGINT): ' +
        'then it seals what it holds. Logs go to standard error: in words on a terminal, else as JSON lines.',
    )
    .requiredOption('--config <file>', 'the configuration; `fieldseal config example` prints one')
    .addHelpText('after', examples('fieldseal run --config /etc/fieldseal/fieldseal.yaml'))
    .action(({ config }: { config: string }) => run(io, config));
}

async function run(io: CommandIo, file: string): Promise<void> {
  // V8 lets a heap of short-lived chunks grow to 48 MB before it sweeps; a gateway has better uses for them.
  setFlagsFromString('--semi-space-growth-factor=1');
  const { Gateway } = await import('../gateway.ts');
  const config = await loadDaemonConfig(file);
  const native = loadNative();
  const gateway = new Gateway(config, {
    log: createLog(config.log.level, logDestination(io.stderr, io.env)),
    notify: (state) => native.sdNotify(state),
    env: io.env,
  });
  // Only the signer can't tell its place: the key commands name it on the command line.
  await locate('signer.uri', () => gateway.run(io.signal));
}
