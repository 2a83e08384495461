import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { type ErrorCode, EXIT, FieldsealError, reasonOf } from '../errors.ts';

/** What a command may touch of the process; main.ts gives the real one, tests their own. */
export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is told to stop. Who reads it ends in good order; any other command is ended by the signal. */
  readonly signal: AbortSignal;
  /** Has SIGHUP call this rather than end the process. */
  readonly onHangup?: (listener: () => void) => void;
  /** 0 unless a command answers "no". */
  exitCode: number;
}

/** Writes a line, and waits where the reader is slow. */
export async function printLine(out: Writable, text: string): Promise<void> {
  if (!out.write(`${text}\n`)) await once(out, 'drain');
}

export const printJson = (out: Writable, value: unknown): Promise<void> =>
  printLine(out, JSON.stringify(value, undefined, 2));

/** The command's answer is no: exit code 1. */
export function answerNo(io: CommandIo): void {
  io.exitCode = EXIT.no;
}

/** Reads a whole file that the operator named. */
export async function readNamedFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: path, cause });
  }
}

/** Reads a JSON file that the operator named; `code` is what it is called that it holds something else. */
export async function readNamedJson(path: string, code: ErrorCode): Promise<unknown> {
  const text = (await readNamedFile(path)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FieldsealError(code, { detail: 'it is not JSON', place: path, cause });
  }
}

/** An example block for the end of a command's help. */
export const examples = (...lines: string[]): string =>
  `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
