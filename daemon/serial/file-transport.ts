import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { FieldsealError } from '../errors.ts';
import { portError } from './open-error.ts';
import type { Connection, ConnectionEvents, Transport } from './transport.ts';

const CHUNK = 65_536;
const TICK_MS = 20;

/** A recording of a port, played once from its beginning to its end. */
export class FileTransport implements Transport {
  readonly hasBaudRate = false;
  readonly canWait = true;
  readonly #path: string;
  readonly #bytesPerSecond: number | undefined;

  /** @param bytesPerSecond left out, as fast as it is taken */
  constructor(path: string, bytesPerSecond?: number) {
    this.#path = path;
    this.#bytesPerSecond = bytesPerSecond;
  }

  async open(): Promise<Connection> {
    try {
      const file = await open(this.#path, constants.O_RDONLY);
      return new FileConnection(this.#path, file, this.#bytesPerSecond);
    } catch (cause) {
      throw portError(this.#path, cause);
    }
  }

  async changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}

class FileConnection implements Connection {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #bytesPerSecond: number | undefined;
  readonly #stop = new AbortController();
  #playing: Promise<void> | undefined;

  constructor(path: string, file: FileHandle, bytesPerSecond: number | undefined) {
    this.#path = path;
    this.#file = file;
    this.#bytesPerSecond = bytesPerSecond;
  }

  start(events: ConnectionEvents): void {
    this.#playing = this.#play(events).then(
      (ended) => {
        if (ended) events.onEnd('ended');
      },
      () => events.onEnd('failed'),
    );
  }

  async setBaudRate(): Promise<void> {}

  async write(): Promise<void> {
    throw new FieldsealError('PORT_FAILED', { detail: `${this.#path} is a recording: it takes no bytes` });
  }

  async isPresent(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#playing;
    await this.#file.close();
  }

  /** Plays to the end; false where it was stopped before. */
  async #play(events: ConnectionEvents): Promise<boolean> {
    const stopped = this.#stop.signal;
    const began = performance.now();
    let played = 0;
    while (!stopped.aborted) {
      const wanted = this.#due(performance.now() - began) - played;
      if (wanted > 0) {
        const { bytesRead, buffer } = await this.#file.read(new Uint8Array(Math.min(wanted, CHUNK)));
        if (stopped.aborted) return false;
        if (bytesRead === 0) return true;
        played += bytesRead;
        events.onBytes(buffer.subarray(0, bytesRead));
      }
      await (this.#bytesPerSecond === undefined ? turn() : sleep(TICK_MS));
    }
    return false;
  }

  #due(elapsedMs: number): number {
    return this.#bytesPerSecond === undefined ? Infinity : Math.floor((elapsedMs * this.#bytesPerSecond) / 1_000);
  }
}
