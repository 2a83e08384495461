import type { TrackPoint } from './track.ts';

/** A model of a receiver: what it says in an epoch. */
export interface Receiver {
  /**
   * The bytes of one navigation epoch.
   *
   * @param ms since the start of the drive
   * @param index of the epoch, from 0
   */
  epoch(point: TrackPoint, ms: number, index: number): Uint8Array;
}
