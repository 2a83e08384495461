import type { Device } from './device.ts';
import type { Receiver } from './receiver.ts';
import { ReceiverCommands } from './receiver-commands.ts';
import type { Track } from './track.ts';

/** What goes wrong with a receiver's idea of the time. */
export interface ClockFault {
  /** When it begins, ms after the device was switched on. */
  readonly afterMs: number;
  /** By how much the time is then off, ms. */
  readonly byMs: number;
}

/** GPS counts weeks modulo 1024 in its navigation message (IS-GPS-200, 20.3.3.3.1.1): old firmware is that far off. */
export const WEEK_ROLLOVER_MS = -1_024 * 7 * 86_400_000;

export interface GnssDeviceOptions {
  readonly receiver: Receiver;
  readonly track: Track;
  readonly rateHz: number;
  readonly clock?: ClockFault | undefined;
}

/** A receiver on a vehicle. Obeys what it is told of its rate and its messages until it is switched off. */
export class GnssDevice implements Device {
  readonly #options: GnssDeviceOptions;
  #commands: ReceiverCommands;

  constructor(options: GnssDeviceOptions) {
    this.#options = options;
    this.#commands = this.#fresh();
  }

  get periodMs(): number {
    return this.#commands.periodMs;
  }

  epoch(ms: number, index: number): Uint8Array {
    const { receiver, track, clock } = this.#options;
    const point = track.at(ms);
    const off = clock !== undefined && ms >= clock.afterMs ? clock.byMs : 0;
    return this.#commands.select(receiver.epoch({ ...point, time: point.time + off }, ms, index), index);
  }

  answer(bytes: Uint8Array): Uint8Array {
    return this.#commands.take(bytes);
  }

  reset(): void {
    this.#commands = this.#fresh();
  }

  #fresh(): ReceiverCommands {
    return new ReceiverCommands(1_000 / this.#options.rateHz);
  }
}
