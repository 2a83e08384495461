import { pause } from '../abort.ts';
import type { SystemdNotifier } from '../health/index.ts';

const STATUS_PERIOD_MS = 10_000;

/** What systemd is told of the daemon besides the watchdog: that it is ready, that it reloads, and how it is. */
export class SystemdReport {
  readonly #systemd: SystemdNotifier;
  readonly #line: () => string;
  #isReady = false;
  /** Why the last configuration was refused. */
  #refusal: string | undefined;

  /** @param line how the daemon is, in one line */
  constructor(systemd: SystemdNotifier, line: () => string) {
    this.#systemd = systemd;
    this.#line = line;
  }

  /** Keeps the line of `systemctl status` current until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#systemd.stopping(), { once: true });
    while (!signal.aborted) {
      this.tell();
      await pause(STATUS_PERIOD_MS, signal);
    }
  }

  /** The service is up; said once. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#systemd.ready();
    this.tell();
  }

  /** @param monotonicMs CLOCK_MONOTONIC in milliseconds */
  reloading(monotonicMs: number): void {
    if (this.#isReady) this.#systemd.reloading(monotonicMs);
  }

  /** A reload is over: with the new configuration, or with the old one, as the new one was refused for that reason. */
  reloaded(refusal: string | undefined): void {
    this.#refusal = refusal;
    if (this.#isReady) this.#systemd.ready();
    this.tell();
  }

  tell(): void {
    const refused = this.#refusal === undefined ? '' : `; the new configuration is refused: ${this.#refusal}`;
    this.#systemd.status(`${this.#line()}${refused}`);
  }
}
