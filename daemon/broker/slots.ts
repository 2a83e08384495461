/** A first-come, first-served counting semaphore that can be closed, which turns away everyone who waits. */
export class Slots {
  #free: number;
  #closed: Error | undefined;
  readonly #queue: { enter: () => void; leave: (error: Error) => void }[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves when a slot is ours. @throws the error that the slots were closed with. */
  async take(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((enter, leave) => this.#queue.push({ enter, leave }));
  }

  release(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next.enter();
  }

  close(error: Error): void {
    this.#closed = error;
    for (const { leave } of this.#queue.splice(0)) leave(error);
  }
}
