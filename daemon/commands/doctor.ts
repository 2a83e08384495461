import { Command } from 'commander';
import { duration } from '../config/index.ts';
import { examine } from '../doctor/doctor.ts';
import type { Finding, Level } from '../doctor/finding.ts';
import { FieldsealError } from '../errors.ts';
import { answerNo, type CommandIo, examples, printJson, printLine } from './io.ts';

interface DoctorOptions {
  readonly config: string;
  readonly user?: string;
  readonly listen: string;
  readonly json?: true;
}

/** ANSI colours: green, yellow, red. */
const COLOURS: Readonly<Record<Level, number>> = { ok: 32, warn: 33, fail: 31 };

export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description(
      'Examines a gateway from the permissions of its ports to the login at its broker, and says what to do about each finding. It ' +
        'changes nothing, and tries a PIN once at most. Best as root; a daemon that runs is asked instead of its ports and token.',
    )
    .option('--config <file>', 'the configuration', '/etc/fieldseal/fieldseal.yaml')
    .option('--user <name>', 'whom the daemon runs as (default: fieldseal where there is one and root asks, else you)')
    .option('--listen <duration>', 'how long to listen to each port', '5s')
    .option('--json', 'all findings as JSON')
    .addHelpText('after', examples('sudo fieldseal doctor', 'fieldseal doctor --config fieldseal.yaml --json'))
    .action((options: DoctorOptions) => doctor(io, options));
}

async function doctor(io: CommandIo, { config, user, listen, json }: DoctorOptions): Promise<void> {
  const { stdout, env, signal } = io;
  const findings: Finding[] = [];
  const isTerminal = stdout.isTTY === true;
  const colour = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  for await (const finding of examine({ file: config, env, signal, account: user, listenMs: parseListen(listen) })) {
    findings.push(finding);
    if (!json) await printLine(stdout, toLine(finding, isTerminal, colour));
  }
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail') };
  if (json) await printJson(stdout, { ...counts, findings });
  else await printLine(stdout, `\n${counts.ok} as it should be, ${counts.warn} to look at, ${counts.fail} to mend`);
  if (counts.fail > 0) answerNo(io);
}

/** One line a finding, for grep; for people what to do stands below it. */
function toLine({ level, area, what, remedy }: Finding, isTerminal: boolean, colour: boolean): string {
  const word = level.padEnd(4);
  const shown = colour ? `\u001b[${COLOURS[level]}m${word}\u001b[0m` : word;
  const line = `${shown}  ${area.padEnd(10)}  ${what}`;
  if (remedy === undefined) return line;
  return `${line}${isTerminal ? `\n${' '.repeat(18)}` : '  '}-> ${remedy}`;
}

function parseListen(text: string): number {
  const parsed = duration({ min: '100ms', max: '1h' }).safeParse(text);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map(({ message }) => message).join('; ');
  throw new FieldsealError('USAGE', { detail: `--listen ${detail}`, place: 'fieldseal doctor' });
}
