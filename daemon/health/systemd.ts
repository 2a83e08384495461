import { pause } from '../abort.ts';

/** What systemd's notify protocol needs (sd_notify(3)); the native addon gives it. */
export type Notify = (state: string) => boolean;

/** What fits a terminal, and systemd's datagram by far. */
const MAX_STATUS = 1_000;

/** Tells systemd how the daemon is; silent where it was not started by systemd with Type=notify. */
export class SystemdNotifier {
  readonly #notify: Notify;
  /** The watchdog's period (WatchdogSec=); undefined where there is none. */
  readonly watchdogMs: number | undefined;

  /** @param environment gives WATCHDOG_USEC (sd_watchdog_enabled(3)) */
  constructor(notify: Notify, environment: Readonly<Record<string, string | undefined>>) {
    this.#notify = notify;
    const microseconds = Number(environment['WATCHDOG_USEC']);
    const forUs = environment['WATCHDOG_PID'] === undefined || Number(environment['WATCHDOG_PID']) === process.pid;
    this.watchdogMs = forUs && microseconds > 0 ? microseconds / 1_000 : undefined;
  }

  ready(): void {
    this.#notify('READY=1');
  }

  /** A new configuration is read; `ready` says that this is over. @param monotonicMs CLOCK_MONOTONIC in milliseconds */
  reloading(monotonicMs: number): void {
    this.#notify(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(monotonicMs * 1_000)}`);
  }

  stopping(): void {
    this.#notify('STOPPING=1');
  }

  /** One line for `systemctl status`. */
  status(line: string): void {
    this.#notify(`STATUS=${line.replaceAll('\n', ' ').slice(0, MAX_STATUS)}`);
  }

  /** Feeds the watchdog, twice in its period, for as long as `makesProgress` says so. */
  async run(signal: AbortSignal, makesProgress: () => boolean): Promise<void> {
    if (this.watchdogMs === undefined) return;
    while (!signal.aborted) {
      if (makesProgress()) this.#notify('WATCHDOG=1');
      await pause(this.watchdogMs / 2, signal);
    }
  }
}
