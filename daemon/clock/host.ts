import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { hrtime } from 'node:process';
import { DRIFT } from './belief.ts';
import { askChrony } from './chrony.ts';
import { readRtc } from './rtc.ts';
import { lastTimesync } from './timesyncd.ts';

/** Whom to ask about the wall clock; `host`: nobody, it is right on the operator's word. */
export type NtpClient = 'auto' | 'chrony' | 'timesyncd' | 'host' | 'none';

/** A time server's client vouches for the wall clock. */
export interface NtpReport {
  readonly client: string;
  /** How far the wall clock may be off now, ms. */
  readonly uncertaintyMs: number;
  /** Another number whenever the client has measured anew. */
  readonly measured: number;
}

/** What the clock reads of the host; tests give their own. */
export interface ClockHost {
  readonly wallNow: () => number;
  /** Milliseconds since boot, with fractions; only goes forward, and stands still while the host is suspended. */
  readonly monotonicNow: () => number;
  /** For how long the host has been suspended since boot, ms. */
  readonly suspendedMs: () => number;
  /** 16 bytes that the kernel makes anew at each boot. */
  readonly bootId: () => Uint8Array;
  /** Never throws; undefined where nobody vouches. */
  readonly ntp: (client: NtpClient, signal?: AbortSignal) => Promise<NtpReport | undefined>;
  /** What the battery-backed clock shows, ms since the Unix epoch in whole seconds. */
  readonly rtc: () => Promise<number | undefined>;
}

/** What a client of the simple protocol keeps to; systemd-timesyncd tells nobody how far off its servers were. */
const SNTP_UNCERTAINTY_MS = 1_000;

let bootId: Uint8Array | undefined;

const monotonicNow = (): number => Number(hrtime.bigint() / 1_000n) / 1_000;

export const linuxHost: ClockHost = {
  wallNow: Date.now,
  monotonicNow,
  // uptime(2) counts the time of suspension, CLOCK_MONOTONIC does not.
  suspendedMs: () => uptime() * 1_000 - monotonicNow(),
  bootId: () => {
    bootId ??= Buffer.from(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().replaceAll('-', ''), 'hex');
    return bootId;
  },
  ntp: (client, signal) => askNtp(client, {}, signal),
  rtc: () => readRtc(),
};

/** Where the clients are found; tests have their own. */
export interface NtpPlaces {
  readonly chronyPort?: number;
  readonly timesyncFile?: string;
}

/** Asks the client, or the first of them that there is, whether it vouches for the wall clock. */
export async function askNtp(
  client: NtpClient,
  { chronyPort, timesyncFile }: NtpPlaces,
  signal?: AbortSignal,
): Promise<NtpReport | undefined> {
  if (client === 'none') return undefined;
  if (client === 'host') return { client: 'host', uncertaintyMs: SNTP_UNCERTAINTY_MS, measured: Date.now() };
  const tracking = client === 'timesyncd' ? undefined : await askChrony(chronyPort, signal);
  if (tracking !== undefined) {
    const { synchronised, maxErrorMs, referenceTime } = tracking;
    return synchronised ? { client: 'chrony', uncertaintyMs: maxErrorMs, measured: referenceTime } : undefined;
  }
  const last = client === 'chrony' ? undefined : await lastTimesync(timesyncFile);
  if (last === undefined) return undefined;
  const age = Math.max(0, Date.now() - last);
  return { client: 'timesyncd', uncertaintyMs: SNTP_UNCERTAINTY_MS + age * DRIFT, measured: last };
}
