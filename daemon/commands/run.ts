import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { loadDaemonConfig } from '../config/index.ts';
import { createServiceLog, logDestination } from '../log.ts';
import { loadNative } from '../native.ts';
import { type CommandIo, examples } from './io.ts';

export function runCommand(io: CommandIo): Command {
  return new Command('run')
    .description(
      'Reads the configured ports, seals what they report, and delivers it, until it is told to stop (SIGTERM or SIGINT): ' +
        'then it seals what it holds. On SIGHUP it reads its configuration again. Logs go to standard error: in words on a terminal, else as JSON lines.',
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
  const { log, setLevel, flush } = createServiceLog(config.log.level, logDestination(io.stderr, io.env));
  const gateway = new Gateway(config, {
    log,
    setLogLevel: setLevel,
    notify: (state) => native.sdNotify(state),
    memory: native,
    env: io.env,
  });
  const running = gateway.run(io.signal);
  // A reload that fails on a bug ends the daemon as any other bug does.
  const reloading = new Promise<never>((_resolve, reject) => {
    io.onHangup?.(() => gateway.reload(() => loadDaemonConfig(file)).catch(reject));
  });
  try {
    await Promise.race([running, reloading]);
  } finally {
    flush();
  }
}
