import { createConnection, type Socket } from 'node:net';
import { aborted } from '../abort.ts';
import { FieldsealError } from '../errors.ts';
import { portError } from './open-error.ts';
import type { Connection, ConnectionEvents, Transport } from './transport.ts';

/** A silent peer is asked whether it lives after so long. */
const KEEP_ALIVE_MS = 30_000;

/** A device behind a network socket that carries its bytes unchanged, such as ser2net's raw ports. */
export class TcpTransport implements Transport {
  readonly hasBaudRate = false;
  readonly canWait = false;
  readonly outlastsSilence = false;
  readonly #name: string;
  readonly #host: string;
  readonly #port: number;
  readonly #timeoutMs: number;

  constructor(name: string, host: string, port: number, timeoutMs: number) {
    this.#name = name;
    this.#host = host;
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  async open(): Promise<Connection> {
    const socket = createConnection({ host: this.#host, port: this.#port, noDelay: true });
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    try {
      await this.#connected(socket);
    } catch (cause) {
      socket.destroy();
      throw portError(this.#name, cause);
    }
    return new TcpConnection(this.#name, socket);
  }

  /** Nothing tells when a far host is back: only the caller's own timer ends it. */
  async changed(signal: AbortSignal): Promise<void> {
    return aborted(signal);
  }

  #connected(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const detail = `${this.#name}: no connection within ${this.#timeoutMs} ms`;
        reject(new FieldsealError('PORT_FAILED', { detail }));
      }, this.#timeoutMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
  }
}

class TcpConnection implements Connection {
  readonly #name: string;
  readonly #socket: Socket;
  #failed = false;
  #closed = false;

  constructor(name: string, socket: Socket) {
    this.#name = name;
    this.#socket = socket;
    // An 'error' event without a listener would end the process; 'close' always follows it.
    socket.on('error', () => {
      this.#failed = true;
    });
  }

  start(events: ConnectionEvents): void {
    this.#socket.on('data', (chunk) => {
      if (!this.#closed) events.onBytes(chunk);
    });
    this.#socket.once('close', () => {
      if (!this.#closed) events.onEnd(this.#failed ? 'failed' : 'hangup');
    });
    this.#socket.once('end', () => this.#socket.destroy());
  }

  async setBaudRate(): Promise<void> {}

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(portError(this.#name, error));
        else resolve();
      });
    });
  }

  async isPresent(): Promise<boolean> {
    return !this.#socket.destroyed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#socket.closed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }
}
