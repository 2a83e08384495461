import type { ConfigurationState } from '../../protocol.ts';
import type { Answer, Command, Plan } from './command.ts';

/** How long an acknowledgement may take (u-blox interface description, "UBX-ACK": within one second). */
const PATIENCE_MS = 1_000;
const MAX_RESENDS = 3;
/** After a command that took more than one attempt, a late acknowledgement of another attempt may still come. */
const SETTLE_MS = 300;
/** A receiver that speaks by itself is told once it is heard, at a baud rate that is right; a silent one after so long. */
const SILENCE_MS = 1_000;
const MAX_FAILURES = 16;
const MAX_FAILURE = 80;

/**
 * Tells a device its configuration, one command at a time: waits for the acknowledgement, sends again where none
 * comes, and goes on where a command is refused or never acknowledged: what a device does not take must not keep it
 * from being read.
 */
export class Configurator {
  readonly #plan: Plan;
  readonly #send: (bytes: Uint8Array) => void;
  #state: ConfigurationState = 'pending';
  #failures: string[] = [];
  #queue: Command[] = [];
  #current: Command | undefined;
  #attempts = 0;
  #deadline = Number.POSITIVE_INFINITY;
  /** When the next command may go out, where one has to wait. */
  #resumeAt = Number.POSITIVE_INFINITY;
  /** The device has not been heard since the line was opened. */
  #isUnheard = false;

  constructor(plan: Plan, send: (bytes: Uint8Array) => void) {
    this.#plan = plan;
    this.#send = send;
  }

  get state(): ConfigurationState {
    return this.#state;
  }

  /** What was refused or not acknowledged since the line was opened, at most 16 texts. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** The line is open (again): all of it has to be told, once the device is heard. */
  opened(t: number): void {
    this.#state = 'pending';
    this.#failures = this.#plan.problems.slice(0, MAX_FAILURES);
    this.#queue = [...this.#plan.commands];
    this.#current = undefined;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#resumeAt = t + SILENCE_MS;
    this.#isUnheard = true;
  }

  /** The device has been heard at `t`. */
  heard(t: number): void {
    if (this.#isUnheard) this.#next(t);
  }

  /** Whether an answer is waited for. */
  get isWaiting(): boolean {
    return this.#current !== undefined;
  }

  /** An answer that may be about the command that was sent last. */
  answer(answer: Answer, t: number): void {
    const command = this.#current;
    const verdict = command?.judge?.(answer) ?? 'other';
    if (command === undefined || verdict === 'other') return;
    if (verdict === 'wait') this.#deadline = t + PATIENCE_MS;
    else if (verdict === 'done') this.#settle(t);
    else if (verdict === 'refused') {
      if (command.parts === undefined) this.#fail(`${command.name}: refused`);
      else this.#queue.unshift(...command.parts);
      this.#settle(t);
    }
  }

  /** Time goes by. */
  tick(t: number): void {
    if (t >= this.#resumeAt) this.#next(t);
    else if (t >= this.#deadline && this.#current !== undefined) {
      if (this.#attempts <= MAX_RESENDS) this.#attempt(this.#current, t);
      else {
        this.#fail(`${this.#current.name}: not acknowledged`);
        this.#settle(t);
      }
    }
  }

  #settle(t: number): void {
    this.#current = undefined;
    this.#deadline = Number.POSITIVE_INFINITY;
    if (this.#attempts > 1 && this.#queue.length > 0) this.#resumeAt = t + SETTLE_MS;
    else this.#next(t);
  }

  /** Sends what needs no acknowledgement, up to and with the next command that does. */
  #next(t: number): void {
    this.#resumeAt = Number.POSITIVE_INFINITY;
    this.#isUnheard = false;
    for (;;) {
      const command = this.#queue.shift();
      this.#attempts = 0;
      if (command === undefined) {
        this.#state = this.#failures.length === 0 ? 'done' : 'failed';
        return;
      }
      this.#attempt(command, t);
      if (command.judge !== undefined) return;
    }
  }

  #attempt(command: Command, t: number): void {
    this.#attempts++;
    if (command.judge !== undefined) {
      this.#current = command;
      this.#deadline = t + PATIENCE_MS;
    }
    this.#send(command.bytes);
  }

  #fail(failure: string): void {
    if (this.#failures.length < MAX_FAILURES) this.#failures.push(failure.slice(0, MAX_FAILURE));
  }
}
