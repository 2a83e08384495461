import { closeSync, constants, mkdtempSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { loadNative } from '../native.ts';

/**
 * The device's end of a serial line made of a pseudo-terminal. Its path stays the same when it is unplugged and plugged
 * in again, as a name in /dev/serial/by-id does.
 */
export class VirtualPort {
  readonly #name: string;
  readonly #openpty: () => { master: number; path: string };
  readonly #onData: (bytes: Uint8Array) => void;
  #folder: string | undefined;
  #line: Line | undefined;
  #dropped = 0;

  /**
   * @param name of the link that stands for the port
   * @param onData takes what the other side writes; the bytes are its own to keep
   */
  constructor(
    name: string,
    onData: (bytes: Uint8Array) => void = () => {},
    openpty: () => { master: number; path: string } = () => loadNative().openpty(),
  ) {
    this.#name = name;
    this.#onData = onData;
    this.#openpty = openpty;
  }

  /** Where to open the port. Defined from open() to close(). */
  get path(): string {
    if (this.#folder === undefined) throw new Error('the virtual port is not open');
    return join(this.#folder, this.#name);
  }

  get isPlugged(): boolean {
    return this.#line !== undefined;
  }

  /** Bytes that nobody read in time, or that were written while unplugged. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Makes the port and plugs it in; returns its path. */
  open(): string {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), 'fieldseal-port-'));
      this.plug();
    }
    return this.path;
  }

  /** Plugs the device in (again). */
  plug(): void {
    if (this.#line !== undefined) return;
    this.#line = new Line(this.#openpty(), this.#onData);
    const fresh = `${this.path}.new`;
    symlinkSync(this.#line.path, fresh);
    renameSync(fresh, this.path);
  }

  /** Pulls the plug: whoever has the port open sees a hang-up. */
  unplug(): void {
    if (this.#line === undefined) return;
    rmSync(this.path, { force: true });
    this.#line.hangUp();
    this.#line = undefined;
  }

  /**
   * Sends bytes as fast as the line takes them, never waiting: a UART doesn't either. What a slow reader leaves no room
   * for is dropped and counted.
   *
   * @returns how many bytes went out
   */
  write(bytes: Uint8Array): number {
    const written = this.#line?.write(bytes) ?? 0;
    this.#dropped += bytes.length - written;
    return written;
  }

  close(): void {
    this.unplug();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** One pseudo-terminal, from plugging in to hang-up. */
class Line {
  readonly path: string;
  readonly #master: number;
  readonly #stream: ReadStream;
  /** The slave, kept open: without any opener, reading the master fails and polling it never rests. */
  readonly #slave: number;

  constructor({ master, path }: { master: number; path: string }, onData: (bytes: Uint8Array) => void) {
    this.path = path;
    this.#master = master;
    this.#slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    this.#stream = new ReadStream(master);
    setNonBlocking(this.#stream);
    this.#stream.on('data', (chunk) => onData(chunk));
  }

  /** Returns how many bytes the line took. */
  write(bytes: Uint8Array): number {
    let offset = 0;
    try {
      while (offset < bytes.length) offset += writeSync(this.#master, bytes, offset);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
    return offset;
  }

  hangUp(): void {
    this.#stream.destroy();
    closeSync(this.#slave);
  }
}

/** libuv polls a master's descriptor before it reads and so leaves it blocking: a write to a full line would wait. */
function setNonBlocking(stream: ReadStream): void {
  const handle: unknown = Reflect.get(stream, '_handle');
  const hasSwitch = typeof handle === 'object' && handle !== null && 'setBlocking' in handle;
  if (!hasSwitch || typeof handle.setBlocking !== 'function') throw new Error('cannot make a terminal non-blocking');
  handle.setBlocking(false);
}
