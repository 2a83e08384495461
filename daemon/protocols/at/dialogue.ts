import { finalResult, resultName } from './result.ts';

/** What a line is to the dialogue. */
export type LineRole = 'echo' | 'information' | 'final' | 'unsolicited' | 'stray';

/** A command and what came of it. */
export interface Exchange {
  readonly command: string;
  readonly outcome: 'ok' | 'error' | 'timeout';
  /** Information lines between the command and its final result code. */
  readonly lines: readonly string[];
  /** The modem's own word for an error. */
  readonly error?: string;
}

/** Information lines of one exchange that are kept; a modem that never comes to an end fills no memory. */
const MAX_LINES = 256;

/** Words that modems send unasked and that are no +NAME: line (ITU-T V.250, 5.7.1; start-up of common modems). */
const UNSOLICITED: ReadonlySet<string> = new Set([
  'RING',
  'CONNECT',
  'RDY',
  'APP RDY',
  'SMS READY',
  'CALL READY',
  'SMS DONE',
  'PB DONE',
  'NORMAL POWER DOWN',
  'POWERED DOWN',
]);

/** Commands whose information lines carry no name: what and whose the device is (3GPP TS 27.007, chapter 5). */
const TEXT_ANSWERS = /^AT(I|\+C?G[MS][A-Z]|\+CIMI)/i;

/**
 * One AT command at a time (ITU-T V.250, chapter 5): sends it, gathers its information lines until a final result code
 * or the time-out, and tells unsolicited result codes in between apart: lines that carry another name than the
 * command's. A device that is only listened to has its commands read off their echo.
 */
export class AtDialogue {
  readonly #send: ((bytes: Uint8Array) => void) | undefined;
  #command: string | undefined;
  #name = '';
  #sentAt = 0;
  #timeoutMs = 0;
  #lines: string[] = [];
  #finished: Exchange | undefined;

  constructor(send?: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  get isBusy(): boolean {
    return this.#command !== undefined;
  }

  /** Sends a command; nothing may be under way. */
  ask(command: string, t: number, timeoutMs: number): void {
    this.#begin(command);
    this.#sentAt = t;
    this.#timeoutMs = timeoutMs;
    this.#send?.(Buffer.from(`${command}\r`));
  }

  /** What a line is. After `final`, and after a time-out, `finished` gives the exchange, once. */
  take(text: string): LineRole {
    if (/^AT/i.test(text)) {
      if (this.#send === undefined) this.#begin(text);
      return 'echo';
    }
    const final = finalResult(text);
    if (final !== undefined) {
      if (final === 'ok') this.#finish('ok');
      else this.#finish('error', final.error);
      return 'final';
    }
    const name = resultName(text);
    if (this.#command !== undefined && (name === undefined ? this.#answersInText(text) : name === this.#name)) {
      if (this.#lines.length < MAX_LINES) this.#lines.push(text);
      return 'information';
    }
    return name !== undefined || isUnsolicited(text) ? 'unsolicited' : 'stray';
  }

  /** Gives an answer up that does not come. A clock that was put back gives it up as well. */
  tick(t: number): void {
    if (this.#send === undefined || this.#command === undefined) return;
    if (t - this.#sentAt >= this.#timeoutMs || t < this.#sentAt) this.#finish('timeout');
  }

  /** The exchange that has come to its end since the last call. */
  finished(): Exchange | undefined {
    const exchange = this.#finished;
    this.#finished = undefined;
    return exchange;
  }

  /** Forgets what is under way: the line was opened anew. */
  reset(): void {
    this.#command = undefined;
    this.#finished = undefined;
    this.#lines = [];
  }

  #answersInText(text: string): boolean {
    return this.#command !== undefined && TEXT_ANSWERS.test(this.#command) && !isUnsolicited(text);
  }

  #begin(command: string): void {
    this.#command = command;
    this.#name = /^AT([+^$*#%&!][A-Z0-9_]+)/.exec(command.toUpperCase())?.[1] ?? '';
    this.#lines = [];
  }

  #finish(outcome: Exchange['outcome'], error?: string): void {
    if (this.#command === undefined) return;
    this.#finished = { command: this.#command, outcome, lines: this.#lines, ...(error !== undefined && { error }) };
    this.#command = undefined;
    this.#lines = [];
  }
}

export const isUnsolicited = (text: string): boolean => UNSOLICITED.has(text.toUpperCase());
