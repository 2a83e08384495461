import { FaultInjector, type FaultOptions } from './faults.ts';
import { NmeaReceiver } from './nmea-receiver.ts';
import { PacedLine } from './paced-line.ts';
import type { Receiver } from './receiver.ts';
import type { Track } from './track.ts';
import { UbloxReceiver } from './ublox-receiver.ts';
import { VirtualPort } from './virtual-port.ts';

export const DEVICE_MODELS = ['nmea', 'ublox'] as const;
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

export interface VirtualDeviceStats {
  /** Bytes that went out on the line. */
  readonly bytes: number;
  readonly epochs: number;
  /** Bytes that nobody took in time. */
  readonly dropped: number;
}

/** The model of a receiver, without a line. */
export function createReceiver(model: DeviceModel, rateHz: number, seed: number): Receiver {
  return model === 'nmea' ? new NmeaReceiver(seed) : new UbloxReceiver(seed, rateHz);
}

/** A receiver on a virtual serial port that drives along a track in real time. */
export class VirtualDevice {
  readonly #options: VirtualDeviceOptions;
  readonly #port: VirtualPort;
  readonly #line: PacedLine;
  readonly #receiver: Receiver;
  readonly #faults: FaultInjector | undefined;
  #bytes = 0;
  #epochs = 0;

  constructor(options: VirtualDeviceOptions) {
    const { model, rateHz, baudRate, faults, seed = 1, name = model } = options;
    this.#options = options;
    this.#port = new VirtualPort(name);
    this.#line = new PacedLine(baudRate, (bytes) => {
      this.#bytes += this.#port.write(bytes);
    });
    this.#receiver = createReceiver(model, rateHz, seed);
    this.#faults = faults === undefined ? undefined : new FaultInjector(faults);
  }

  /** Where to open the device. Defined from open() or run() until run() has ended; stays the same when it is unplugged. */
  get path(): string {
    return this.#port.path;
  }

  get stats(): VirtualDeviceStats {
    return { bytes: this.#bytes, epochs: this.#epochs, dropped: this.#line.dropped + this.#port.dropped };
  }

  /** Plugs the device in, silent as yet; returns its path. run() does it, too. */
  open(): string {
    return this.#port.open();
  }

  /** Drives and reports until `signal` aborts, then removes the port. */
  async run(signal: AbortSignal): Promise<void> {
    this.open();
    try {
      const periodMs = 1_000 / this.#options.rateHz;
      const began = performance.now();
      let index = 0;
      while (!signal.aborted) {
        this.#emit(index, periodMs);
        // A process that was held up goes on with the present epoch: a receiver doesn't catch up either.
        index = Math.max(index + 1, Math.floor((performance.now() - began) / periodMs));
        await until(began + index * periodMs, signal);
      }
    } finally {
      this.#line.clear();
      this.#port.close();
    }
  }

  #emit(index: number, periodMs: number): void {
    const ms = Math.round(index * periodMs);
    const clean = this.#receiver.epoch(this.#options.track.at(ms), ms, index);
    const { bytes, plugged } = this.#faults?.apply(clean, index) ?? { bytes: clean, plugged: true };
    this.#epochs += 1;
    if (plugged) {
      this.#port.plug();
      if (bytes.length > 0) this.#line.push(bytes);
    } else {
      this.#line.clear();
      this.#port.unplug();
    }
  }
}

/** Waits until a time of performance.now(), or until `signal` aborts. */
async function until(time: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.max(0, time - performance.now()));
    signal.addEventListener('abort', finish);
  });
}
