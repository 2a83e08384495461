import { pause } from '../abort.ts';
import { type Device, NOTHING } from './device.ts';
import { FaultInjector, type FaultOptions } from './faults.ts';
import { PacedLine } from './paced-line.ts';
import { VirtualPort } from './virtual-port.ts';

export interface PluggedDeviceOptions {
  readonly device: Device;
  /** Name of the port's link in a folder of its own, or the absolute path of the link. */
  readonly name: string;
  /** The line's speed; left out, bytes go out as fast as they come. */
  readonly baudRate?: number | undefined;
  readonly faults?: FaultOptions | undefined;
  /**
   * Says nothing while no program has the port open: each byte is then either read or on the wire when the plug is
   * pulled, and a ledger of them balances. A real device doesn't wait.
   */
  readonly waitsForOpener?: boolean;
}

export interface LineStats {
  /** Bytes that went out on the line. */
  readonly bytes: number;
  readonly epochs: number;
  /** Bytes that nobody took in time. */
  readonly dropped: number;
  /** Bytes of those that went out which nobody had read when the plug was pulled. */
  readonly unread: number;
  /** Bytes that came from the other side. */
  readonly heard: number;
  readonly unplugs: number;
}

/** Between the lock on a port and the flush that follows it lie microseconds (serialport's binding, `setup`). */
const OPENING_MS = 100;
/** How often an opener's speed is asked for, where it matters. */
const SPEED_MS = 300;

/** A device on a virtual serial port: speaks in real time, at the speed of its line, and answers. */
export class PluggedDevice {
  readonly #options: PluggedDeviceOptions;
  readonly #device: Device;
  readonly #port: VirtualPort;
  readonly #line: PacedLine | undefined;
  readonly #faults: FaultInjector | undefined;
  #isOn = false;
  #began = 0;
  #bytes = 0;
  #epochs = 0;
  #heard = 0;
  #unplugs = 0;
  #openSince: number | undefined;
  #speed: number | undefined;
  #speedAt = 0;

  constructor(options: PluggedDeviceOptions) {
    this.#options = options;
    this.#device = options.device;
    this.#port = new VirtualPort(options.name, (bytes) => this.#hear(bytes));
    if (options.baudRate !== undefined) this.#line = new PacedLine(options.baudRate, (bytes) => this.#write(bytes));
    this.#faults = options.faults === undefined ? undefined : new FaultInjector(options.faults);
  }

  /** Where to open the device. Defined from open() or run() until run() has ended; stays the same when it is unplugged. */
  get path(): string {
    return this.#port.path;
  }

  get stats(): LineStats {
    return {
      bytes: this.#bytes,
      epochs: this.#epochs,
      dropped: (this.#line?.dropped ?? 0) + this.#port.dropped,
      unread: this.#port.unread,
      heard: this.#heard,
      unplugs: this.#unplugs,
    };
  }

  /** Plugs the device in, silent as yet; returns its path. run() does it, too. */
  open(): string {
    return this.#port.open();
  }

  /** Speaks and answers until `signal` aborts, then removes the port. */
  async run(signal: AbortSignal): Promise<void> {
    await this.play(signal);
    this.close();
  }

  /** Speaks and answers until `signal` aborts; the port stays, silent, until close(). */
  async play(signal: AbortSignal): Promise<void> {
    this.open();
    this.#isOn = true;
    this.#began = performance.now();
    let due = 0;
    while (!signal.aborted) {
      const now = performance.now() - this.#began;
      if (this.#isHeard()) this.#emit(Math.round(due));
      const { periodMs } = this.#device;
      due += periodMs;
      // A process that was held up goes on with the present epoch: a device doesn't catch up either.
      if (due < now) due += Math.ceil((now - due) / periodMs) * periodMs;
      await until(this.#began + due, signal);
    }
    this.#isOn = false;
    this.#line?.clear();
  }

  close(): void {
    this.#line?.clear();
    this.#port.close();
  }

  #emit(ms: number): void {
    const index = this.#epochs;
    this.#epochs += 1;
    const clean = this.#device.epoch(ms, index);
    const { bytes, plugged } = this.#faults?.apply(clean, index) ?? { bytes: clean, plugged: true };
    if (!plugged) {
      this.#unplug(clean);
      return;
    }
    this.#plug();
    // Just plugged in, nobody can have opened it yet.
    if (this.#isHeard()) this.#say(bytes);
  }

  #plug(): void {
    if (this.#port.isPlugged) return;
    this.#port.plug(this.#options.faults?.renumber);
    this.#device.reset?.();
  }

  /** In the middle of what it is saying. */
  #unplug(saying: Uint8Array): void {
    if (!this.#port.isPlugged) return;
    this.#line?.clear();
    if (this.#isHeard()) this.#write(saying.subarray(0, saying.length >> 1));
    this.#port.unplug();
    this.#openSince = undefined;
    this.#unplugs += 1;
  }

  #say(bytes: Uint8Array): void {
    const { wrongBaud } = this.#options.faults ?? {};
    const audible = wrongBaud === undefined || this.#speed === wrongBaud;
    if (wrongBaud !== undefined) this.#askSpeed();
    const said = audible ? bytes : (this.#faults?.garble(bytes) ?? bytes);
    if (said.length === 0) return;
    if (this.#line === undefined) this.#write(said);
    else this.#line.push(said);
  }

  #write(bytes: Uint8Array): void {
    this.#bytes += this.#port.write(bytes);
  }

  #hear(bytes: Uint8Array): void {
    this.#heard += bytes.length;
    if (!this.#isOn) return;
    const answer = this.#device.answer?.(bytes, Math.round(performance.now() - this.#began)) ?? NOTHING;
    const said = this.#faults?.answer(answer, this.#epochs) ?? answer;
    if (said.length > 0) this.#say(said);
  }

  /** Whether anything that is said now will be heard. While it is unplugged, a device goes on to count its epochs. */
  #isHeard(): boolean {
    if (this.#options.waitsForOpener !== true || !this.#port.isPlugged) return true;
    if (!this.#port.isOpened()) {
      this.#port.discard();
      this.#openSince = undefined;
      return false;
    }
    this.#openSince ??= performance.now();
    return performance.now() - this.#openSince >= OPENING_MS;
  }

  #askSpeed(): void {
    const now = performance.now();
    if (now - this.#speedAt < SPEED_MS) return;
    this.#speedAt = now;
    void this.#port.speed().then((speed) => {
      this.#speed = speed;
    });
  }
}

/** Waits until a time of performance.now(), or until `signal` aborts. */
export const until = (time: number, signal: AbortSignal): Promise<void> =>
  pause(Math.max(0, time - performance.now()), signal);
