/** What a line says to a command: done, not yet done, refused, tried in vain; undefined where it is no answer to it. */
export type Answer = 'done' | 'wait' | 'refused' | 'failed' | undefined;

/** One command and what its answers mean. */
export interface Step {
  readonly command: string;
  /** Tried where the command is refused: firmwares name the same thing differently. */
  readonly orElse?: string;
  readonly answer: (line: string) => Answer;
  /** For each attempt; 1,000 by default. */
  readonly timeoutMs?: number;
  /** How often it is sent before it has no answer; 2 by default. */
  readonly attempts?: number;
  /** The dialogue goes on without it. */
  readonly optional?: boolean;
}

/** How a dialogue ended; `line` is the answer that ended it. */
export interface Outcome {
  readonly result: 'done' | 'refused' | 'failed' | 'no-answer';
  readonly step: Step | undefined;
  readonly line: string;
}

interface Running {
  readonly steps: readonly Step[];
  readonly onEnd: (outcome: Outcome, t: number) => void;
  at: number;
  command: string;
  attempts: number;
  until: number;
}

/** Commands and answers, line by line, one after another: whoever speaks next is always known. */
export class SerialDialogue {
  readonly #send: (command: string) => void;
  #running: Running | undefined;

  constructor(send: (command: string) => void) {
    this.#send = send;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Begins with the first step; what was under way is forgotten. */
  start(steps: readonly Step[], t: number, onEnd: (outcome: Outcome, t: number) => void): void {
    const first = steps[0];
    if (first === undefined) return;
    this.#running = { steps, onEnd, at: 0, command: first.command, attempts: 0, until: 0 };
    this.#say(this.#running, first, t);
  }

  /** Takes a line from the device; false where it answers nothing that was asked. */
  hear(line: string, t: number): boolean {
    const running = this.#running;
    const step = running?.steps[running.at];
    if (running === undefined || step === undefined) return false;
    const answer = step.answer(line);
    if (answer === undefined) return false;
    if (answer === 'wait') running.until = t + (step.timeoutMs ?? 1_000);
    else if (answer === 'done') this.#next(running, step, line, t);
    else if (answer === 'refused' && step.orElse !== undefined && running.command !== step.orElse) {
      running.command = step.orElse;
      running.attempts = 0;
      this.#say(running, step, t);
    } else this.#fail(running, step, answer, line, t);
    return true;
  }

  /** Time goes by. */
  tick(t: number): void {
    const running = this.#running;
    const step = running?.steps[running.at];
    if (running === undefined || step === undefined || t < running.until) return;
    if (running.attempts < (step.attempts ?? 2)) this.#say(running, step, t);
    else this.#fail(running, step, 'no-answer', '', t);
  }

  #fail(running: Running, step: Step, result: Exclude<Outcome['result'], 'done'>, line: string, t: number): void {
    if (step.optional) this.#next(running, step, line, t);
    else this.#finish(running, { result, step, line }, t);
  }

  #next(running: Running, step: Step, line: string, t: number): void {
    running.at++;
    const next = running.steps[running.at];
    if (next === undefined) {
      this.#finish(running, { result: 'done', step, line }, t);
      return;
    }
    running.command = next.command;
    running.attempts = 0;
    this.#say(running, next, t);
  }

  #say(running: Running, step: Step, t: number): void {
    running.attempts++;
    running.until = t + (step.timeoutMs ?? 1_000);
    this.#send(running.command);
  }

  #finish(running: Running, outcome: Outcome, t: number): void {
    this.#running = undefined;
    running.onEnd(outcome, t);
  }
}
