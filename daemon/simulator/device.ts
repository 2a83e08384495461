/** A model of a device on a line: what it says by itself, and what it answers. Knows no line, no clock and no faults. */
export interface Device {
  /** From one epoch to the next, ms. A device may be told to change it. */
  readonly periodMs: number;
  /**
   * What the device says by itself in an epoch; may be empty.
   *
   * @param ms since the device was switched on
   * @param index of the epoch, from 0
   */
  epoch(ms: number, index: number): Uint8Array;
  /** What it answers to bytes that were sent to it; a command that is not complete yet has no answer. */
  answer?(bytes: Uint8Array, ms: number): Uint8Array;
  /** It was switched off and on: what it was told is forgotten. */
  reset?(): void;
}

export const NOTHING = new Uint8Array(0);

/** Bytes of a text of 8-bit characters. */
export const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
