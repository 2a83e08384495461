import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built program's file. @throws Error where nobody has built it */
export function builtProgram(): string {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is not there: build it first, with `npm run build`');
  return MAIN;
}

export type Environment = Readonly<Record<string, string>>;

export interface Finished {
  /** The exit code; the signal's name where one ended it. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Added to this process's environment. */
  readonly env?: Environment;
  readonly cwd?: string;
}

/** Runs the built program to its end. */
export async function runProgram(args: readonly string[], { env, cwd }: ProgramOptions = {}): Promise<Finished> {
  return runCommand(process.execPath, [builtProgram(), ...args], { ...(env && { env }), ...(cwd && { cwd }) });
}

/** Runs any command to its end. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, cwd }: ProgramOptions = {},
): Promise<Finished> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    once(child, 'close'),
  ]);
  return { code: signal ?? code, stdout, stderr };
}

/** Runs the built program, which has to end with 0; gives what it printed. */
export async function answerOf(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(args, options);
  if (code !== 0) throw new Error(`fieldseal ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The objects of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A line of a service's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The built program as a service in a process of its own, which runs until it is stopped or killed. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals>;
  readonly #waiting = new Set<() => void>();
  #isAsked = false;
  /** What it logged. */
  readonly lines: LogLine[] = [];
  /** What it wrote to standard error besides its log, such as a stack trace. */
  readonly strayLines: string[] = [];

  constructor(args: readonly string[], { env, cwd }: ProgramOptions = {}) {
    // A test run that is killed takes its services along: left behind, they would hold ports that others get next.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, builtProgram(), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#tell();
      return signal ?? code;
    });
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on('line', (line) => this.#hear(line));
    }
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves to the line that says so, when it has been logged. @throws Error where the process ends first */
  async logged(phrase: string): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(({ msg }) => msg === phrase);
      if (line !== undefined) return line;
      if (this.hasEnded) throw new Error(`it ended before it logged ${JSON.stringify(phrase)}: ${this.#told()}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Tells it something other than to stop. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to stop and resolves to its exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#isAsked = true;
    this.#child.kill('SIGTERM');
    return this.#exited;
  }

  /** Never resolves. @throws Error where the process ends though nobody has asked it to */
  async endedBySurprise(): Promise<never> {
    const code = await this.#exited;
    if (this.#isAsked) return new Promise(() => {});
    throw new Error(`it ended by itself with ${code}: ${this.#told()}`);
  }

  async kill(): Promise<void> {
    this.#isAsked = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #hear(line: string): void {
    if (line.startsWith('{')) this.lines.push(JSON.parse(line));
    else this.strayLines.push(line);
    this.#tell();
  }

  #told(): string {
    return [...this.lines.map((line) => JSON.stringify(line)), ...this.strayLines].slice(-20).join('\n');
  }

  #tell(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
