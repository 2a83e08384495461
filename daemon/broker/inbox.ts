import type { Message, MessageHandler } from './message.ts';

interface Waiting {
  readonly messageId: number;
  handled: boolean;
}

/** Reading stops while so many messages wait for their handlers, and goes on as they finish. */
const MAX_WAITING = 256;

/**
 * The messages that one connection has brought and not acknowledged yet. Handlers start in the order in which messages
 * came and may overlap; the acknowledgements go out in that order whatever finishes first (MQTT 5, 4.6: a client must
 * send PUBACKs in the order of the PUBLISH packets).
 */
export class Inbox {
  readonly #handler: MessageHandler;
  readonly #acknowledge: (messageId: number) => void;
  readonly #fail: (error: unknown) => void;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  #resume: (() => void) | undefined;

  constructor(
    handler: MessageHandler,
    answers: { acknowledge: (messageId: number) => void; fail: (error: unknown) => void },
  ) {
    this.#handler = handler;
    this.#acknowledge = answers.acknowledge;
    this.#fail = answers.fail;
  }

  /** Hands a message to the handler; `next` is called when the connection may read on. QoS 0 has no message id. */
  push(message: Message, messageId: number | undefined, next: () => void): void {
    const entry = messageId === undefined ? undefined : { messageId, handled: false };
    if (entry !== undefined) this.#waiting.push(entry);
    const running = this.#handle(message, entry);
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
    if (this.#running.size < MAX_WAITING) next();
    else this.#resume = next;
  }

  /** Resolves when every handler that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #handle(message: Message, entry: Waiting | undefined): Promise<void> {
    try {
      await this.#handler(message);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (entry !== undefined) entry.handled = true;
    for (let first = this.#waiting[0]; first?.handled === true; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#acknowledge(first.messageId);
    }
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
