import type { Clock, ClockHost, ClockStep, NtpReport } from '../../daemon/clock/index.ts';

/** When the program of these tests was made. */
export const RELEASED = Date.UTC(2026, 10, 20);
const NTP_ERROR_MS = 20;
const STILL = new AbortController().signal;

export interface Receiver {
  readonly source: string;
  /** How late its first byte comes after the instant that it names, ms. */
  latency: number;
  /** How far its time is off. */
  lie: number;
  on: boolean;
}

/** A host whose true time is known: its oscillator drifts, its wall clock may be set by anybody, its sources come and go. */
export class World {
  /** True time, ms since the Unix epoch. */
  truth = RELEASED + 100 * 86_400_000;
  monotonic = 5_000;
  /** Of the oscillator, as a share. */
  drift = 0;
  wall: number;
  suspended = 0;
  rtcError: number | undefined;
  ntp: { measured: number; age: number; told: boolean } | undefined;
  readonly receivers: Receiver[] = [];
  readonly steps: ClockStep[] = [];
  readonly #epochs: { readonly receiver: Receiver; readonly time: number; due: number }[] = [];
  #sinceLook = 0;
  #sinceEpoch = 0;

  constructor(wall?: number) {
    this.wall = wall ?? this.truth;
  }

  get host(): ClockHost {
    return {
      wallNow: () => Math.floor(this.wall),
      monotonicNow: () => this.monotonic,
      suspendedMs: () => this.suspended,
      bootId: () => new Uint8Array(16).fill(7),
      ntp: async (client) => (client === 'none' ? undefined : this.#report()),
      rtc: async () =>
        this.rtcError === undefined ? undefined : Math.floor((this.truth + this.rtcError) / 1_000) * 1_000,
    };
  }

  receiver(latency = 120, lie = 0): Receiver {
    const receiver = { source: `gnss-${this.receivers.length}`, latency, lie, on: true };
    this.receivers.push(receiver);
    return receiver;
  }

  /** There is a battery-backed clock, off by so much. */
  rtc(errorMs: number): this {
    this.rtcError = errorMs;
    return this;
  }

  /** The client measures, and sets the wall clock right. */
  synchronise(error = 0): void {
    this.ntp = { measured: (this.ntp?.measured ?? 0) + 1, age: 0, told: false };
    this.wall = this.truth + error;
  }

  /** Somebody sets the wall clock. A client that has told nobody of its measurement notices, and measures again some time. */
  setWall(jump: number): void {
    this.wall = Math.max(0, this.wall + jump);
    if (this.ntp?.told === false) this.ntp = undefined;
  }

  suspend(ms: number): void {
    this.truth += ms;
    this.wall += ms;
    this.suspended += ms;
  }

  /** Lets time go by in small ticks: receivers speak once a second, the clock looks once a second. */
  async pass(clock: Clock, ms: number, onTick: () => void = () => {}): Promise<void> {
    const TICK = 250;
    for (let left = ms; left > 0; left -= TICK) {
      this.monotonic += TICK;
      this.wall += TICK;
      this.truth += TICK * (1 + this.drift);
      if (this.ntp !== undefined) this.ntp.age += TICK;
      this.#speak(clock, TICK);
      onTick();
      this.#sinceLook += TICK;
      if (this.#sinceLook < 1_000) continue;
      this.#sinceLook = 0;
      await clock.look(STILL);
      onTick();
    }
  }

  #report(): NtpReport | undefined {
    if (this.ntp === undefined) return undefined;
    this.ntp.told = true;
    const { measured, age } = this.ntp;
    return { client: 'test', measured, uncertaintyMs: NTP_ERROR_MS + age * 100e-6 + 1 };
  }

  #speak(clock: Clock, tick: number): void {
    this.#sinceEpoch += tick;
    if (this.#sinceEpoch >= 1_000) {
      this.#sinceEpoch = 0;
      for (const receiver of this.receivers) {
        if (receiver.on) {
          this.#epochs.push({
            receiver,
            time: Math.round(this.truth + receiver.lie),
            due: this.monotonic + receiver.latency,
          });
        }
      }
    }
    while (this.#epochs[0] !== undefined && this.#epochs.some(({ due }) => due <= this.monotonic)) {
      const index = this.#epochs.findIndex(({ due }) => due <= this.monotonic);
      const [epoch] = this.#epochs.splice(index, 1);
      // Its first byte came at `due`, a little before now.
      if (epoch) clock.observeGnss(epoch.receiver.source, epoch.time, clock.stamp() - (this.monotonic - epoch.due));
    }
  }
}
