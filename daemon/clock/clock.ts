import { existsSync, readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import type { ClockState } from '../proof/index.ts';

/** A GNSS time further than this from the gateway's clock shows that the clock is not set. */
const AGREES_MS = 2_000;
/** A GNSS time vouches for the clock for so long. */
const VOUCHES_MS = 60_000;
/** What an NTP client keeps to without anyone measuring it here. */
const NTP_UNCERTAINTY_MS = 1_000;
/** A battery-backed clock drifts by seconds a week. */
const RTC_UNCERTAINTY_MS = 60_000;
/** The largest uncertainty that a proof can state: nobody knows the time. */
const UNKNOWN_MS = 4_294_967_295;

/** What the clock reads of the host; tests give their own. */
export interface ClockHost {
  readonly wallNow: () => number;
  /** Milliseconds since boot; only goes forward. */
  readonly monotonicNow: () => number;
  readonly bootId: () => Uint8Array;
  readonly ntpSynchronised: () => boolean;
  readonly hasRtc: () => boolean;
}

/** The gateway's clock, and what is known of how right it is. Time is never invented: it is stated with its source. */
export class Clock {
  readonly #host: ClockHost;
  #gnss: { readonly offsetMs: number; readonly at: number } | undefined;

  constructor(host: ClockHost = linuxHost) {
    this.#host = host;
  }

  /** Milliseconds since the Unix epoch by the gateway's wall clock. */
  readonly now = (): number => this.#host.wallNow();

  /** Milliseconds since boot; only goes forward. */
  readonly monotonicNow = (): number => this.#host.monotonicNow();

  /** A receiver said that it was `time` when the gateway's clock said `t` (both ms since the Unix epoch). */
  observeGnss(time: number, t: number): void {
    this.#gnss = { offsetMs: Math.abs(t - time), at: this.#host.monotonicNow() };
  }

  /**
   * The clock's state for a proof. The uncertainty is the distance to GNSS time where a receiver gave it within the
   * last minute (a serial line's delay included), else what the source is known to keep to.
   */
  state(): ClockState {
    const sinceBootMs = Math.floor(this.#host.monotonicNow());
    const bootId = this.#host.bootId();
    const gnss = this.#gnss !== undefined && sinceBootMs - this.#gnss.at <= VOUCHES_MS ? this.#gnss : undefined;
    const measured = gnss === undefined ? undefined : Math.min(UNKNOWN_MS, Math.ceil(gnss.offsetMs));
    if (this.#host.ntpSynchronised()) {
      return { source: 'ntp', uncertaintyMs: measured ?? NTP_UNCERTAINTY_MS, bootId, sinceBootMs };
    }
    if (measured !== undefined && measured <= AGREES_MS) {
      return { source: 'gnss', uncertaintyMs: measured, bootId, sinceBootMs };
    }
    if (this.#host.hasRtc())
      return { source: 'rtc', uncertaintyMs: measured ?? RTC_UNCERTAINTY_MS, bootId, sinceBootMs };
    return { source: 'none', uncertaintyMs: measured ?? UNKNOWN_MS, bootId, sinceBootMs };
  }
}

let bootId: Uint8Array | undefined;

const linuxHost: ClockHost = {
  wallNow: Date.now,
  monotonicNow: () => Number(hrtime.bigint() / 1_000n) / 1_000,
  bootId: () => {
    bootId ??= Buffer.from(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().replaceAll('-', ''), 'hex');
    return bootId;
  },
  // systemd-timesyncd.service(8): the file exists once the clock has been set by a time server since boot.
  ntpSynchronised: () => existsSync('/run/systemd/timesync/synchronized'),
  hasRtc: () => existsSync('/sys/class/rtc/rtc0'),
};
