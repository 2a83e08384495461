import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ReadStream } from 'node:tty';
import { FieldsealError, reasonOf } from '../errors.ts';
import { loadNative } from '../native.ts';
import { isLocked, speedOf } from './opener.ts';

/**
 * The device's end of a serial line made of a pseudo-terminal. Its path stays the same when it is unplugged and plugged
 * in again, as a name in /dev/serial/by-id does.
 */
export class VirtualPort {
  readonly #name: string;
  readonly #openpty: () => { master: number; path: string };
  readonly #onData: (bytes: Uint8Array) => void;
  #folder: string | undefined;
  #link: string | undefined;
  #line: Line | undefined;
  #dropped = 0;
  #unread = 0;

  /**
   * @param name of the link that stands for the port, in a folder of its own; or the absolute path of the link
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
    if (this.#link === undefined) throw new Error('the virtual port is not open');
    return this.#link;
  }

  get isPlugged(): boolean {
    return this.#line !== undefined;
  }

  /** The kernel's name of the line, such as /dev/pts/3; undefined while unplugged. */
  get node(): string | undefined {
    return this.#line?.path;
  }

  /** Bytes that nobody read in time, or that were written while unplugged. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes that were on the wire when the device was unplugged: written, and read by nobody. */
  get unread(): number {
    return this.#unread;
  }

  /** Whether a program has opened and locked the port. */
  isOpened(): boolean {
    return this.#line !== undefined && isLocked(this.#line.path);
  }

  /** The speed that the port is set to by whoever has opened it, baud. */
  async speed(): Promise<number | undefined> {
    return this.#line === undefined ? undefined : speedOf(this.#line.path);
  }

  /**
   * Makes the port and plugs it in; returns its path.
   *
   * @throws FieldsealError FILE_NOT_WRITABLE where the link cannot be made, or something that is no link has its name
   */
  open(): string {
    if (this.#link !== undefined) return this.#link;
    if (isAbsolute(this.#name)) {
      refuseOther(this.#name);
      this.#link = this.#name;
    } else {
      this.#folder = mkdtempSync(join(tmpdir(), 'fieldseal-port-'));
      this.#link = join(this.#folder, this.#name);
    }
    try {
      this.plug();
    } catch (cause) {
      const place = this.#link;
      this.close();
      throw cause instanceof Error && 'syscall' in cause
        ? new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place, cause })
        : cause;
    }
    return this.#link;
  }

  /** Plugs the device in (again); with `elsewhere` under another number than the lowest that is free. */
  plug(elsewhere = false): void {
    if (this.#line !== undefined) return;
    const spare = elsewhere ? this.#openpty() : undefined;
    this.#line = new Line(this.#openpty(), this.#onData);
    if (spare !== undefined) closeSync(spare.master);
    const fresh = `${this.path}.new`;
    symlinkSync(this.#line.path, fresh);
    renameSync(fresh, this.path);
  }

  /** Pulls the plug: whoever has the port open sees a hang-up. */
  unplug(): void {
    if (this.#line === undefined) return;
    rmSync(this.path, { force: true });
    this.#unread += this.#line.drain();
    this.#line.hangUp();
    this.#line = undefined;
  }

  /** Throws away what lies on the line unread, as opening it would; the bytes count as unread. */
  discard(): void {
    this.#unread += this.#line?.drain() ?? 0;
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
    this.#link = undefined;
  }
}

function refuseOther(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink()) return;
  throw new FieldsealError('FILE_NOT_WRITABLE', {
    detail: 'something is there already, and it is no link',
    place: path,
  });
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

  /**
   * Takes what lies on the line unread, and says how much that was. A read of a terminal that says EAGAIN has first
   * waited for what the kernel still had under way (n_tty_read), so nothing is left.
   */
  drain(): number {
    const buffer = Buffer.alloc(4_096);
    let drained = 0;
    try {
      for (let count = 1; count > 0; drained += count) count = readSync(this.#slave, buffer);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
    return drained;
  }

  hangUp(): void {
    this.#stream.destroy();
    closeSync(this.#slave);
  }
}
