import { Command } from 'commander';
import { loadDaemonConfig } from '../config/index.ts';
import { Gateway } from '../gateway.ts';
import { createLog } from '../log.ts';
import { loadNative } from '../native.ts';
import { type CommandIo, examples } from './io.ts';

export function runCommand(io: CommandIo): Command {
  return new Command('run')
    .description(
      'Reads the configured ports, seals what they report, and delivers it, until it is told to stop (SIGTERM or SIGINT): ' +
        'then it seals what it holds. Logs are JSON lines on standard error.',
    )
    .requiredOption('--config <file>', 'the configuration; `fieldseal config example` prints one')
    .addHelpText('after', examples('fieldseal run --config /etc/fieldseal/fieldseal.yaml'))
    .action(({ config }: { config: string }) => run(io, config));
}

async function run(io: CommandIo, file: string): Promise<void> {
  const config = await loadDaemonConfig(file);
  const native = loadNative();
  const gateway = new Gateway(config, {
    log: createLog(config.log.level),
    notify: (state) => native.sdNotify(state),
    env: io.env,
  });
  await gateway.run(io.signal);
}
