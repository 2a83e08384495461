import { Command, CommanderError } from 'commander';
import { EXIT, FieldsealError } from '../errors.ts';
import { SOFTWARE } from '../version.ts';
import { type CommandIo, examples } from './io.ts';

/**
 * Runs the command line and returns the exit code: 0 good, 1 the answer is no, 2 bad usage, configuration or
 * environment, 75 what time may mend. An operator's mistake is one line on standard error; anything else is a bug and is thrown.
 */
export async function runProgram(args: readonly string[], surroundings: Omit<CommandIo, 'exitCode'>): Promise<number> {
  const { stdin, stdout, stderr, env, onHangup } = surroundings;
  const io: CommandIo = {
    ...{ stdin, stdout, stderr, env },
    ...(onHangup === undefined ? {} : { onHangup }),
    // Asked for only by a command that heeds it.
    get signal() {
      return surroundings.signal;
    },
    exitCode: EXIT.good,
  };
  try {
    const program = await buildProgram(args, io);
    await program.parseAsync(args, { from: 'user' });
    return io.exitCode;
  } catch (error) {
    if (error instanceof FieldsealError) {
      io.stderr.write(`${error.toLine()}\n`);
      return error.isTemporary ? EXIT.temporary : EXIT.usage;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    throw error;
  }
}

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<(io: CommandIo) => Command>;
}

/** The verifier, its database and the demo are a Debian package of their own, and their modules absent where it is. */
const ofVerifier =
  (load: CommandEntry['load']): CommandEntry['load'] =>
  async () => {
    try {
      return await load();
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause;
      throw new FieldsealError('VERIFIER_NOT_INSTALLED', { detail: cause.message, cause });
    }
  };

/** In the order of the help. Only the command that is asked for is loaded: a daemon has no use for the verifier's database. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'show all of it on this machine alone',
    load: ofVerifier(async () => (await import('./demo.ts')).demoCommand),
  },
  { name: 'run', summary: 'run the daemon', load: async () => (await import('./run.ts')).runCommand },
  {
    name: 'status',
    summary: 'show how the running daemon is',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'doctor',
    summary: 'examine a gateway, and say what to do',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'config',
    summary: 'print or check a configuration',
    load: async () => (await import('./config.ts')).configCommand,
  },
  {
    name: 'profiles',
    summary: 'list, show or check device profiles',
    load: async () => (await import('./profiles.ts')).profilesCommand,
  },
  { name: 'key', summary: 'make or show the device key', load: async () => (await import('./key.ts')).keyCommand },
  {
    name: 'enroll',
    summary: "make the device's enrolment record, signed by its own key",
    load: async () => (await import('./enroll.ts')).enrollCommand,
  },
  {
    name: 'verifier',
    summary: 'run the verifier, admit devices, list them',
    load: ofVerifier(async () => (await import('./verifier.ts')).verifierCommand),
  },
  {
    name: 'verify',
    summary: 'verify proofs and the chain that they make',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    name: 'inspect',
    summary: 'show what is in a proof',
    load: async () => (await import('./inspect.ts')).inspectCommand,
  },
  {
    name: 'prove-reading',
    summary: 'take one reading out of a proof, provable by itself',
    load: async () => (await import('./disclose.ts')).proveReadingCommand,
  },
  {
    name: 'verify-reading',
    summary: 'verify a reading that was taken out of a proof',
    load: async () => (await import('./disclose.ts')).verifyReadingCommand,
  },
  {
    name: 'simulate',
    summary: 'play devices on virtual serial ports',
    load: async () => (await import('./simulate.ts')).simulateCommand,
  },
  {
    name: 'verify-evidence',
    summary: 'hold raw bytes against the hashes that were sealed',
    load: async () => (await import('./verify-evidence.ts')).verifyEvidenceCommand,
  },
  {
    name: 'capture',
    summary: 'record the raw bytes of a port with their timings',
    load: async () => (await import('./capture.ts')).captureCommand,
  },
  {
    name: 'verify-file',
    summary: 'show that an image or clip is the one that was sealed',
    load: async () => (await import('./verify-file.ts')).verifyFileCommand,
  },
  {
    name: 'decode',
    summary: 'turn recorded serial bytes into readings',
    load: async () => (await import('./decode.ts')).decodeCommand,
  },
];

/** The command line, one file a subcommand; the one that `args` name is there in full, the others for the list of commands. */
export async function buildProgram(args: readonly string[], io: CommandIo): Promise<Command> {
  const program = new Command('fieldseal')
    .description('Seals what sensors report into hardware-signed proofs, and delivers them to a verifier.')
    .version(SOFTWARE.version, '-V, --version')
    .addHelpText(
      'after',
      `${examples('fieldseal demo', 'fieldseal run --config /etc/fieldseal/fieldseal.yaml')}
Exit codes: 0 good, 1 the answer is no, 2 bad usage, configuration or environment, 70 a bug,
75 what time may mend, such as a token that is not there.`,
    );
  const words = args.filter((arg) => !arg.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load } of COMMANDS) {
    const command = name === wanted ? (await load())(io) : new Command(name);
    if (command.description() === '') command.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
    program.addCommand(command.summary(summary));
  }
  program.addCommand(helpCommand(program));
  settle(program, io);
  return program;
}

/** `fieldseal help COMMAND...`: commander's own answers a name that it doesn't know with the whole help and no error. */
function helpCommand(program: Command): Command {
  return new Command('help')
    .summary('show the help of a command')
    .argument('[command...]')
    .addHelpText('after', examples('fieldseal help verifier enroll'))
    .action((names: string[]) => {
      let command = program;
      for (const name of names) {
        const found = command.commands.find((one) => one.name() === name);
        if (found === undefined) throw usageError(command, `unknown command '${name}'`);
        command = found;
      }
      command.outputHelp();
    });
}

/** Help and usage errors go through `io` and come back as errors; a usage error is one line with its code. */
function settle(command: Command, io: CommandIo): void {
  const width = (): number => io.stdout.columns || 100;
  command
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      outputError: (text, write) => write(`${usageError(command, detailOf(command, text)).toLine()}\n`),
    });
  for (const child of command.commands) settle(child, io);
}

/** What commander says, on one line. An option that it doesn't know comes before one that is missing: it is the misspelt one. */
function detailOf(command: Command, text: string): string {
  const unknown = command.args.find((word) => /^--?[a-z]/i.test(word));
  if (text.includes('required option') && unknown !== undefined) return `unknown option '${unknown}'`;
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}

function usageError(command: Command, detail: string): FieldsealError {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name());
  return new FieldsealError('USAGE', { detail, place: path.join(' ') });
}
