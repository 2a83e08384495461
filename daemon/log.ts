import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { type DestinationStream, pino } from 'pino';
import { Repeats } from './repeats.ts';

/** What a room needs of a logger. Lines are constant phrases with their data in fields; never a secret. */
export interface Log {
  debug(fields: object, phrase: string): void;
  info(fields: object, phrase: string): void;
  warn(fields: object, phrase: string): void;
  error(fields: object, phrase: string): void;
  child(bindings: { room: string; source?: string }): Log;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The root logger: JSON lines on stderr, so that stdout stays free for what a command answers. */
export function createLog(level: LogLevel, destination: DestinationStream = pino.destination(2)): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** A log for a program that runs for years: its level may change, and it tells repeats ever more rarely. */
export interface ServiceLog {
  readonly log: Log;
  setLevel(level: LogLevel): void;
  /** Tells of the repeats that were left out so far; before the end. */
  flush(): void;
}

/** @param now ms since the Unix epoch */
export function createServiceLog(
  level: LogLevel,
  destination: DestinationStream,
  now: () => number = Date.now,
): ServiceLog {
  const shared = { floor: numberOf(level), repeats: new Repeats(now) };
  return {
    log: new CalmLog(createLog('debug', destination), '', shared),
    setLevel(next) {
      shared.floor = numberOf(next);
    },
    flush: () => shared.repeats.flush(),
  };
}

const numberOf = (level: LogLevel): number => pino.levels.values[level] ?? Number.POSITIVE_INFINITY;

/** Passes on what lies at or above a level that it shares with its children, and repeats of it as Repeats has them. */
class CalmLog implements Log {
  readonly #log: Log;
  readonly #place: string;
  readonly #shared: { readonly floor: number; readonly repeats: Repeats };

  constructor(log: Log, place: string, shared: { readonly floor: number; readonly repeats: Repeats }) {
    this.#log = log;
    this.#place = place;
    this.#shared = shared;
  }

  /** Whoever asks for these wants them all. */
  debug(fields: object, phrase: string): void {
    if (this.#shared.floor <= numberOf('debug')) this.#log.debug(fields, phrase);
  }

  info(fields: object, phrase: string): void {
    this.#pass('info', fields, phrase);
  }

  warn(fields: object, phrase: string): void {
    this.#pass('warn', fields, phrase);
  }

  error(fields: object, phrase: string): void {
    this.#pass('error', fields, phrase);
  }

  child(bindings: { room: string; source?: string }): Log {
    const { room, source = '' } = bindings;
    return new CalmLog(this.#log.child(bindings), `${this.#place}/${room}/${source}`, this.#shared);
  }

  #pass(level: 'info' | 'warn' | 'error', fields: object, phrase: string): void {
    if (this.#shared.floor > numberOf(level)) return;
    const code = 'code' in fields ? String(fields.code) : '';
    this.#shared.repeats.pass(`${this.#place} ${level} ${code} ${phrase}`, (leftOut) =>
      this.#log[level](
        leftOut === undefined
          ? fields
          : { ...fields, repeats: leftOut.repeats, last: new Date(leftOut.last).toISOString() },
        phrase,
      ),
    );
  }
}

/**
 * The form in which whoever is on the other end of `stderr` reads a log: words on a terminal, JSON lines in a pipe or file,
 * and in systemd's journal JSON lines that begin with their priority (sd-daemon(3)).
 */
export function logDestination(
  stderr: Writable & { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): DestinationStream {
  if (stderr.isTTY === true) return { write: (line) => stderr.write(inWords(line)) };
  if (isJournal(env['JOURNAL_STREAM'])) return { write: (line) => stderr.write(`<${priorityOf(line)}>${line}`) };
  return stderr;
}

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** pino's numbers of levels, with their words and syslog's priorities. */
const LEVELS: Readonly<Record<number, readonly [word: string, priority: number]>> = {
  20: ['debug', 7],
  30: ['info', 6],
  40: ['warn', 4],
  50: ['error', 3],
};

/** `2026-11-20 17:00:01 info  serial gnss  port is read  path=/dev/ttyACM0`, in the time of the place. */
function inWords(line: string): string {
  const { level, time, room, source, msg, ...fields }: Line = JSON.parse(line);
  const where = [room, source].filter((name) => name !== undefined).join(' ');
  const values = Object.entries(fields).map(([name, value]) => `${name}=${fieldInWords(value)}`);
  const parts = [`${localTime(time)} ${(LEVELS[level]?.[0] ?? String(level)).padEnd(5)} ${where}`, msg, ...values];
  return `${parts[0]?.trimEnd()}  ${parts.slice(1).join('  ')}\n`;
}

/** Quoted only where a reader could not tell where it ends. */
function fieldInWords(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === 'string' && (text === '' || /\s/.test(text)) ? JSON.stringify(text) : text;
}

function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (part: number): string => String(part).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const priorityOf = (line: string): number => LEVELS[Number(/^\{"level":(\d+)/.exec(line)?.[1])]?.[1] ?? 6;

/** Whether standard error is the very stream that JOURNAL_STREAM names (systemd.exec(5)): DEVICE:INODE. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(2, { bigint: true });
  return stream === `${dev}:${ino}`;
}
