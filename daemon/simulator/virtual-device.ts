import { DashcamReceiver } from './dashcam-receiver.ts';
import type { FaultOptions } from './faults.ts';
import { GnssDevice } from './gnss-device.ts';
import { NmeaReceiver } from './nmea-receiver.ts';
import { type LineStats, PluggedDevice } from './plugged-device.ts';
import type { Receiver } from './receiver.ts';
import type { Track } from './track.ts';
import { UbloxReceiver } from './ublox-receiver.ts';

export const DEVICE_MODELS = ['nmea', 'ublox', 'dashcam'] as const;
export type DeviceModel = (typeof DEVICE_MODELS)[number];

export interface VirtualDeviceOptions {
  readonly model: DeviceModel;
  readonly rateHz: number;
  readonly track: Track;
  readonly baudRate: number;
  readonly faults?: FaultOptions;
  /** Of the sky; the drive has its own. */
  readonly seed?: number;
  /** Name of the port's link; left out, the model's. */
  readonly name?: string;
}

/** The model of a receiver, without a line. */
export function createReceiver(model: DeviceModel, rateHz: number, seed: number): Receiver {
  switch (model) {
    case 'nmea':
      return new NmeaReceiver(seed);
    case 'dashcam':
      return new DashcamReceiver(seed);
    case 'ublox':
      return new UbloxReceiver(seed, rateHz);
  }
}

/** A receiver on a virtual serial port that drives along a track in real time. */
export class VirtualDevice {
  readonly #plugged: PluggedDevice;

  constructor({ model, rateHz, baudRate, track, faults, seed = 1, name = model }: VirtualDeviceOptions) {
    const device = new GnssDevice({ receiver: createReceiver(model, rateHz, seed), track, rateHz });
    this.#plugged = new PluggedDevice({ device, name, baudRate, faults });
  }

  /** Where to open the device. Defined from open() or run() until run() has ended; stays the same when it is unplugged. */
  get path(): string {
    return this.#plugged.path;
  }

  get stats(): LineStats {
    return this.#plugged.stats;
  }

  /** Plugs the device in, silent as yet; returns its path. run() does it, too. */
  open(): string {
    return this.#plugged.open();
  }

  /** Drives and reports until `signal` aborts, then removes the port. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#plugged.run(signal);
  }
}
