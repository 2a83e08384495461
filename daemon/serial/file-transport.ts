import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { aborted, pause } from '../abort.ts';
import { FieldsealError } from '../errors.ts';
import { portError } from './open-error.ts';
import { isCaptureFile, type Pace, pieces } from './recording.ts';
import type { Connection, ConnectionEvents, Transport } from './transport.ts';

/** A recording of a port, played once from its beginning to its end: plain bytes, or with timings (`fieldseal capture`). */
export class FileTransport implements Transport {
  readonly hasBaudRate = false;
  readonly canWait = true;
  readonly outlastsSilence = true;
  readonly #path: string;
  readonly #pace: Pace;

  constructor(path: string, pace: Pace = 'unpaced') {
    this.#path = path;
    this.#pace = pace;
  }

  async open(): Promise<Connection> {
    try {
      const file = await open(this.#path, constants.O_RDONLY);
      const timed = await isCaptureFile(file);
      if (timed || typeof this.#pace !== 'object' || !('speed' in this.#pace)) {
        return new FileConnection(this.#path, file, timed, this.#pace);
      }
      await file.close();
    } catch (cause) {
      throw portError(this.#path, cause);
    }
    throw new FieldsealError('PORT_FAILED', { detail: `${this.#path} has no timings: give rate= instead of speed=` });
  }

  async changed(signal: AbortSignal): Promise<void> {
    return aborted(signal);
  }
}

class FileConnection implements Connection {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #timed: boolean;
  readonly #pace: Pace;
  readonly #stop = new AbortController();
  #playing: Promise<void> | undefined;

  constructor(path: string, file: FileHandle, timed: boolean, pace: Pace) {
    this.#path = path;
    this.#file = file;
    this.#timed = timed;
    this.#pace = pace;
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
    const { signal } = this.#stop;
    const began = performance.now();
    for await (const { bytes, peer, dueMs } of pieces(this.#file, this.#timed, this.#pace)) {
      const wait = began + dueMs - performance.now();
      if (wait > 0) await pause(wait, signal);
      else await turn();
      if (signal.aborted) return false;
      events.onBytes(bytes, peer);
    }
    return !signal.aborted;
  }
}
