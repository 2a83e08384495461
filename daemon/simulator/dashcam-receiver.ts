import { ascii } from './device.ts';
import { NmeaReceiver } from './nmea-receiver.ts';
import type { Receiver } from './receiver.ts';
import type { TrackPoint } from './track.ts';

const GRAVITY = 9.80665;
const SAMPLES_PER_EPOCH = 2;

/** A dashcam's log line: NMEA 0183, and the accelerometer as $GSENSORD,x,y,z in g without a checksum, as firmwares write it. */
export class DashcamReceiver implements Receiver {
  readonly #nmea: NmeaReceiver;

  constructor(seed: number) {
    this.#nmea = new NmeaReceiver(seed);
  }

  epoch(point: TrackPoint, ms: number): Uint8Array {
    const line = `$GSENSORD,${point.acceleration.map((value) => (value / GRAVITY).toFixed(3)).join(',')}\r\n`;
    return Buffer.concat([ascii(line.repeat(SAMPLES_PER_EPOCH)), this.#nmea.epoch(point, ms)]);
  }
}
