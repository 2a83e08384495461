import { fstatSync, readSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { aborted } from '../abort.ts';
import { FieldsealError } from '../errors.ts';
import { findPort, type ListedPort, type PortMatch } from './find-port.ts';
import { nodeChange, nodeMark, usbNodeChange } from './node-watch.ts';
import { portError } from './open-error.ts';
import type { Connection, ConnectionEvents, LineEnd, Transport } from './transport.ts';

/** The path that leaves it to the device's USB ids which port is meant. */
export const AUTO_PATH = 'auto';

/** A tty's input queue holds 4,095 bytes (n_tty); drivers queue up to 64 KiB before it. */
const READ_SIZE = 65_536;
/** For all ports: what a read puts here is copied out before anything else can run. */
const readBuffer = Buffer.allocUnsafe(READ_SIZE);
const WRITE_RETRY_MS = 10;
const WRITE_TIMEOUT_MS = 5_000;

type OpenPort = Awaited<ReturnType<typeof SerialPort.binding.open>>;
type Poller = Extract<OpenPort, { poller: unknown }>['poller'];

/** A serial device of this machine: a UART, a USB adapter, a pseudo-terminal. */
export class SerialTransport implements Transport {
  readonly hasBaudRate = true;
  readonly canWait = false;
  readonly outlastsSilence = false;
  readonly #path: string;
  readonly #match: PortMatch | undefined;
  readonly #list: () => Promise<readonly ListedPort[]>;
  readonly #nodes: string;
  #node: string | undefined;
  #mark = '';

  /** @param nodes the folder of the system's device nodes */
  constructor(
    path: string,
    match?: PortMatch,
    list: () => Promise<readonly ListedPort[]> = SerialPort.list,
    nodes = '/dev',
  ) {
    this.#path = path;
    this.#match = match;
    this.#list = list;
    this.#nodes = nodes;
  }

  async open(baudRate: number): Promise<Connection> {
    // Where it was last says nothing of where it is to be looked for.
    this.#node = undefined;
    try {
      const path = await this.#find();
      this.#node = path;
      this.#mark = await nodeMark(path);
      if (!(await stat(path)).isCharacterDevice()) {
        throw new FieldsealError('PORT_FAILED', { detail: `${path} is not a serial device` });
      }
      // Without hupcl, closing leaves DTR as it is: many boards reset when it drops.
      const port = await SerialPort.binding.open({ path, baudRate, lock: true, hupcl: false });
      return new SerialConnection(path, port);
    } catch (cause) {
      throw portError(this.#path, cause);
    }
  }

  async changed(signal: AbortSignal): Promise<void> {
    const either = new AbortController();
    const stop = AbortSignal.any([signal, either.signal]);
    const changes = [aborted(stop)];
    if (this.#node !== undefined) changes.push(nodeChange(this.#node, this.#mark, stop));
    // The device may come back under another number.
    if (this.#path === AUTO_PATH) changes.push(usbNodeChange(this.#nodes, stop));
    await Promise.race(changes);
    either.abort();
    await Promise.all(changes);
  }

  async #find(): Promise<string> {
    if (this.#path !== AUTO_PATH) return this.#path;
    if (this.#match === undefined) {
      throw new FieldsealError('PORT_NOT_FOUND', { detail: 'auto: the device profile names no USB ids to look for' });
    }
    return findPort(this.#match, await this.#list());
  }
}

/**
 * Reads the descriptor itself and leaves to serialport's binding only what needs ioctl(2) and poll(2). Its own stream
 * repeats a read of zero bytes at once, without end: but zero bytes is how a tty says that it was hung up. When that
 * happens right after data, the stream never closes, takes a whole core and leaks (bindings-cpp #162 is the same loop on
 * a paused port).
 */
class SerialConnection implements Connection {
  readonly #path: string;
  readonly #port: OpenPort;
  #closed = false;

  constructor(path: string, port: OpenPort) {
    this.#path = path;
    this.#port = port;
  }

  start(events: ConnectionEvents): void {
    const port = this.#port;
    if (!('poller' in port)) throw new Error('serial ports are read on POSIX systems only');
    this.#wait(port.poller, events);
  }

  async setBaudRate(baudRate: number): Promise<void> {
    await this.#port.update({ baudRate });
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The binding waits for room by polling for nothing else: the port would not be read meanwhile.
    const deadline = performance.now() + WRITE_TIMEOUT_MS;
    let offset = 0;
    while (offset < bytes.length) {
      offset += this.#writeSome(bytes, offset);
      if (offset === bytes.length) return;
      if (performance.now() > deadline) {
        throw new FieldsealError('PORT_FAILED', { detail: `${this.#path}: the device does not take what is written` });
      }
      await sleep(WRITE_RETRY_MS);
    }
  }

  async isPresent(): Promise<boolean> {
    try {
      const opened = fstatSync(this.#descriptor());
      const named = await stat(this.#path);
      return named.rdev === opened.rdev && named.ino === opened.ino && named.dev === opened.dev;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      // Else close(2) may wait up to 30 s for unsent bytes (tty closing_wait), on a thread that file I/O needs.
      await this.#port.flush();
    } catch {
      // A hung-up tty has nothing left to flush.
    }
    try {
      await this.#port.close();
    } catch {
      // Linux releases a descriptor even where close(2) reports an error (close(2), "Dealing with error returns").
    }
  }

  #wait(poller: Poller, events: ConnectionEvents): void {
    poller.once('readable', (error) => {
      if (this.#closed) return;
      const end = error === null ? this.#read(events) : 'hangup';
      if (end !== undefined) events.onEnd(end);
      else if (!this.#closed) this.#wait(poller, events);
    });
  }

  /** One read a turn: poll(2) reports again what is left, and other ports have their turn between. */
  #read(events: ConnectionEvents): LineEnd | undefined {
    let count: number;
    try {
      count = readSync(this.#descriptor(), readBuffer);
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) return undefined;
      return isErrno(error, 'EIO') || isErrno(error, 'ENXIO') || isErrno(error, 'ENODEV') ? 'hangup' : 'failed';
    }
    if (count === 0) return 'hangup';
    events.onBytes(Uint8Array.prototype.slice.call(readBuffer, 0, count));
    return undefined;
  }

  #writeSome(bytes: Uint8Array, offset: number): number {
    try {
      return writeSync(this.#descriptor(), bytes, offset);
    } catch (cause) {
      if (isErrno(cause, 'EAGAIN')) return 0;
      throw portError(this.#path, cause);
    }
  }

  #descriptor(): number {
    const fd = this.#port.fd;
    if (this.#closed || fd === null) throw new FieldsealError('PORT_FAILED', { detail: `${this.#path} is closed` });
    return fd;
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
