import { Command, CommanderError } from 'commander';
import { EXIT, FieldsealError } from '../errors.ts';
import { SOFTWARE } from '../version.ts';
import { configCommand } from './config.ts';
import { decodeCommand } from './decode.ts';
import { demoCommand } from './demo.ts';
import { proveReadingCommand, verifyReadingCommand } from './disclose.ts';
import { enrollCommand } from './enroll.ts';
import { inspectCommand } from './inspect.ts';
import { type CommandIo, examples } from './io.ts';
import { keyCommand } from './key.ts';
import { profilesCommand } from './profiles.ts';
import { runCommand } from './run.ts';
import { verifierCommand } from './verifier.ts';
import { verifyCommand } from './verify.ts';

/**
 * Runs the command line and returns the exit code: 0 good, 1 the answer is no, 2 bad usage, configuration or
 * environment. An operator's mistake is one line on standard error; anything else is a bug and is thrown.
 */
export async function runProgram(args: readonly string[], surroundings: Omit<CommandIo, 'exitCode'>): Promise<number> {
  const io: CommandIo = { ...surroundings, exitCode: EXIT.good };
  try {
    await buildProgram(io).parseAsync(args, { from: 'user' });
    return io.exitCode;
  } catch (error) {
    if (error instanceof FieldsealError) {
      io.stderr.write(`${error.toLine()}\n`);
      return EXIT.usage;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    throw error;
  }
}

/** In the order of the help. */
const COMMANDS = [
  demoCommand,
  runCommand,
  configCommand,
  profilesCommand,
  keyCommand,
  enrollCommand,
  verifierCommand,
  verifyCommand,
  inspectCommand,
  proveReadingCommand,
  verifyReadingCommand,
  decodeCommand,
];

/** The command line, one file a subcommand. */
export function buildProgram(io: CommandIo): Command {
  const program = new Command('fieldseal')
    .description('Seals what sensors report into hardware-signed proofs, and delivers them to a verifier.')
    .version(SOFTWARE.version, '-V, --version')
    .addHelpText(
      'after',
      `${examples('fieldseal demo', 'fieldseal run --config /etc/fieldseal/fieldseal.yaml')}
Exit codes: 0 good, 1 the answer is no, 2 bad usage, configuration or environment.`,
    );
  for (const command of COMMANDS) program.addCommand(command(io));
  settle(program, io);
  return program;
}

/** Help and usage errors go through `io` and come back as errors; a usage error is one line with its code. */
function settle(command: Command, io: CommandIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 100,
    outputError: (text, write) => write(usageLine(command, text)),
  });
  for (const child of command.commands) settle(child, io);
}

function usageLine(command: Command, text: string): string {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name());
  const detail = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
  const error = new FieldsealError('USAGE', { detail, place: path.join(' ') });
  return `USAGE ${error.place}: ${detail} (see \`${path.join(' ')} --help\`)\n`;
}
