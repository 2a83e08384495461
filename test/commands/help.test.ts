import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../daemon/commands/index.ts';
import type { CommandIo } from '../../daemon/commands/io.ts';
import { runCommand } from '../support/run-command.ts';

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const io: CommandIo = {
  ...{ stdin: Readable.from([]), stdout: nowhere, stderr: nowhere, env: {}, exitCode: 0 },
  signal: new AbortController().signal,
};

interface Described {
  readonly path: string[];
  readonly command: Command;
}

function below(path: string[], command: Command): Described[] {
  return [{ path, command }, ...command.commands.flatMap((child) => below([...path, child.name()], child))];
}

const names = (await buildProgram([], io)).commands.map((command) => command.name());
const commands: Described[] = [];
for (const name of names) {
  const command = (await buildProgram([name], io)).commands.find((one) => one.name() === name);
  if (command !== undefined) commands.push(...below([name], command));
}
const table = commands.map((one): [string, Described] => [one.path.join(' '), one]);

describe('the help', () => {
  it('names every command and the exit codes', async () => {
    const { code, stdout } = await runCommand(['--help']);
    expect(code).toBe(0);
    for (const name of names) expect(stdout).toContain(`\n  ${name}`);
    expect(stdout).toMatch(/Exit codes: 0 .* 1 .* 2 .* 70 /);
    expect(names).toEqual(
      expect.arrayContaining('run demo decode inspect verify key enroll config profiles verifier'.split(' ')),
    );
  });

  it.each(table)('of %s names its options and shows an example', async (name, { path, command }) => {
    const { code, stdout, stderr } = await runCommand([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { flags, description } of command.options) {
      expect(stdout).toContain(flags);
      expect(description, flags).not.toBe('');
    }
    for (const child of command.commands) expect(stdout).toContain(`\n  ${child.name()} `);
    expect(stdout).toMatch(new RegExp(`Examples?:\n  \\$ .*fieldseal ${name}`));
    expect(await runCommand(['help', ...path])).toEqual({ code, stdout, stderr });
  });

  it.each([[[]], ...commands.filter(({ command }) => command.commands.length > 0).map(({ path }) => [path])])(
    'goes to standard error, with exit code 2, where %j lacks a command',
    async (path) => {
      const { code, stdout, stderr } = await runCommand(path);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^Usage: fieldseal/);
    },
  );

  it('of the version is the version alone', async () => {
    expect(await runCommand(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('a usage error is one line with its code, the command and where to look', () => {
  it.each(table)('for an unknown option of %s', async (name, { path }) => {
    const { code, stdout, stderr } = await runCommand([...path, '--no-such-option']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      `USAGE fieldseal ${name}: unknown option '--no-such-option' (see \`fieldseal ${name} --help\`)\n`,
    );
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['seal'], /^USAGE fieldseal: unknown command 'seal'/],
    ['a misspelt command', ['decod'], /^USAGE fieldseal: unknown command 'decod' \(Did you mean decode\?\)/],
    ['an unknown subcommand', ['verifier', 'admit'], /^USAGE fieldseal verifier: unknown command 'admit'/],
    ['help of an unknown command', ['help', 'seal'], /^USAGE fieldseal: unknown command 'seal'/],
    ['help of an unknown subcommand', ['help', 'key', 'x'], /^USAGE fieldseal key: unknown command 'x'/],
    ['a missing option', ['run'], /^USAGE fieldseal run: required option '--config <file>' not specified/],
    ['a missing value', ['run', '--config'], /^USAGE fieldseal run: option '--config <file>' argument missing/],
    ['a missing argument', ['inspect'], /^USAGE fieldseal inspect: missing required argument 'file'/],
    ['an argument too many', ['inspect', 'a', 'b'], /^USAGE fieldseal inspect: too many arguments/],
    ['an unknown choice', ['decode', '--protocol', 'gps', 'x'], /^USAGE fieldseal decode: .*Allowed choices are /],
    ['a number that is none', ['decode', '--protocol', 'gnss', '--chunk', '0', 'x'], /1 or more/],
    ['a date that is none', ['decode', '--protocol', 'gnss', '--reference-date', '2026-02-31x', 'x'], /YYYY-MM-DD/],
    ['a reading below 0', ['prove-reading', 'x', '-1'], /write a number from 0/],
    ['no proofs to wait for', ['demo', '--proofs', '0'], /write a number from 1/],
    ['a place off the earth', ['enroll', '--config', 'x', '--place', '91,0'], /latitude,longitude in degrees/],
    ['an unknown curve', ['key', 'create', '--signer', 'file:x', '--algorithm', 'RS256'], /ES256K, ES256/],
    ['no key to verify with', ['verify', 'x'], /^USAGE fieldseal verify: give either --key FILE or --devices FILE/],
    ['two sources of keys', ['verify', 'x', '--key', 'a', '--devices', 'b'], /^USAGE fieldseal verify: give either/],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/^USAGE .+ \(see `fieldseal.* --help`\)\n$/);
  });
});
