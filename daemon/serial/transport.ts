/** Why a connection ended by itself: the line was hung up, reading failed, or a recording has come to its end. */
export type LineEnd = 'hangup' | 'failed' | 'ended';

export interface ConnectionEvents {
  /**
   * Bytes in the order of the wire, or one datagram and who sent it (HOST:PORT, or [HOST]:PORT). The chunk is the
   * receiver's to keep.
   */
  onBytes(chunk: Uint8Array, peer?: string): void;
  /** The connection is of no more use. Comes at most once, and not after close(). */
  onEnd(end: LineEnd): void;
}

/** An open port. It is read from start() to its end, whatever the receiver does: nothing ever pauses it. */
export interface Connection {
  start(events: ConnectionEvents): void;
  /** Changes the line's speed and discards what came at the old one. Does nothing where there is no speed to set. */
  setBaudRate(baudRate: number): Promise<void>;
  /**
   * Resolves when the system has taken all the bytes. Rejects when it doesn't in time, or when the line is gone.
   *
   * @param peer who is to get the datagram; a stream has no use for it
   * @throws FieldsealError PORT_FAILED, or what opening throws
   */
  write(bytes: Uint8Array, peer?: string): Promise<void>;
  /** Whether what was opened is still what its path names: a device may vanish without hanging up. */
  isPresent(): Promise<boolean>;
  close(): Promise<void>;
}

/** A way to reach a device's bytes. */
export interface Transport {
  /** Whether baud rates mean anything here. */
  readonly hasBaudRate: boolean;
  /** Whether it can wait for its reader, so that no byte need ever be dropped. */
  readonly canWait: boolean;
  /** Nothing is gained by opening it anew when no valid frame comes: a socket that waits for senders, or a recording. */
  readonly outlastsSilence: boolean;
  /** @throws FieldsealError PORT_NOT_FOUND, PORT_DENIED, PORT_BUSY or PORT_FAILED */
  open(baudRate: number): Promise<Connection>;
  /** Resolves when something happened that makes another try worth while, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
}
