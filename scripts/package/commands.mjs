import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/**
 * The command line as the built daemon has it: one entry a command, from `fieldseal` itself down, each with its words
 * (`['fieldseal', 'key', 'create']`), its summary, options, arguments, subcommands, and the end of its help.
 */
export async function readCommands(dist) {
  const { buildProgram } = await import(pathToFileURL(join(dist, 'commands/index.js')).href);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const io = {
    stdin: Readable.from([]),
    stdout: nowhere,
    stderr: nowhere,
    env: {},
    signal: new AbortController().signal,
    exitCode: 0,
  };
  const program = await buildProgram([], io);
  const entries = [describe(program, ['fieldseal'])];
  for (const command of program.commands) {
    const name = command.name();
    // A command is whole only where it is the one that was asked for.
    const whole = (await buildProgram([name], io)).commands.find((one) => one.name() === name);
    entries.push(...below(whole, ['fieldseal', name]));
  }
  return entries;
}

const below = (command, words) => [
  describe(command, words),
  ...command.commands.flatMap((child) => below(child, [...words, child.name()])),
];

function describe(command, words) {
  return {
    words,
    summary: command.summary() || command.description(),
    usage: command.usage(),
    children: command.commands.map((child) => child.name()),
    arguments: command.registeredArguments.map((one) => ({
      name: one.name(),
      about: one.description,
      choices: one.argChoices,
    })),
    options: [...command.options, command.createOption('-h, --help', 'display help for command')].map((one) => ({
      flags: one.flags,
      names: [one.short, one.long].filter((name) => name !== undefined),
      about: one.description,
      value: /[<[]([^>\].]+)/.exec(one.flags)?.[1],
      choices: one.argChoices,
      default: one.defaultValue,
    })),
    epilogue: epilogueOf(command),
  };
}

/** What stands below the options in a command's help: its examples. */
function epilogueOf(command) {
  let whole = '';
  command.configureOutput({ writeOut: (text) => (whole += text) });
  command.outputHelp();
  return whole.slice(command.helpInformation().length).trim();
}
