import { PassThrough, Readable, Writable } from 'node:stream';
import { runProgram } from '../../daemon/commands/index.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: Uint8Array | Readable;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where standard output goes instead of being kept. */
  readonly stdout?: Writable;
}

/** A command that runs within this process. */
export interface RunningCommand {
  readonly ended: Promise<Ran>;
  /** Tells it to stop, as a signal would. */
  stop(): void;
  /** Resolves to the first line of standard error that matches. @throws Error where it ends without one */
  said(pattern: RegExp): Promise<string>;
}

/** Starts the command line within this process, and keeps what it prints. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const controller = new AbortController();
  const stdout = new Keeper();
  const stderr = new Keeper();
  const stdin = options.stdin instanceof Readable ? options.stdin : Readable.from([options.stdin ?? new Uint8Array(0)]);
  const ended = runProgram(args, {
    stdin,
    stdout: options.stdout ?? stdout,
    stderr,
    env: options.env ?? {},
    signal: controller.signal,
  }).then((code): Ran => ({ code, stdout: stdout.text, stderr: stderr.text }));
  const said = async (pattern: RegExp): Promise<string> => {
    const over = ended.then(({ stderr: all }) => {
      const line = all.split('\n').find((one) => pattern.test(one));
      if (line === undefined) throw new Error(`it ended without ${pattern}: ${all}`);
      return line;
    });
    return Promise.race([stderr.line(pattern), over]);
  };
  return { ended, stop: () => controller.abort(), said };
}

/** Runs the command line within this process to its end. */
export const runCommand = (args: readonly string[], options?: CommandOptions): Promise<Ran> =>
  startCommand(args, options).ended;

/** A reader that takes so many bytes and waits before it takes more. */
export function slowReader(): { readonly sink: Writable; readonly text: () => string } {
  const pipe = new PassThrough({ highWaterMark: 64 });
  const chunks: Buffer[] = [];
  pipe.on('readable', () => {
    setImmediate(() => {
      for (let chunk = pipe.read(); chunk !== null; chunk = pipe.read()) chunks.push(chunk);
    });
  });
  return { sink: pipe, text: () => Buffer.concat(chunks).toString('utf8') };
}

class Keeper extends Writable {
  text = '';
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    for (const look of this.#waiting) look();
    done();
  }

  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const line = this.text.split('\n').find((one) => pattern.test(one));
        if (line === undefined) return;
        this.#waiting.delete(look);
        resolve(line);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
