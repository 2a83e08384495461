/** The waits of a supervised port; tests shorten them. */
export interface PortTiming {
  /** How long each baud rate is tried: longer than the pause between the bursts of a 1 Hz receiver. */
  readonly trialMs: number;
  /** The line counts as quiet after so long without a byte. */
  readonly quietMs: number;
  /** While a port is open, time is told so often. */
  readonly tickMs: number;
  /** Between a hang-up or a new node and the opening. */
  readonly settleMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  readonly connectTimeoutMs: number;
  /** More is dropped and counted: twice what the fastest UART, of 4 Mbaud, can bring. */
  readonly maxBytesPerSecond: number;
}

export const DEFAULT_TIMING: PortTiming = {
  trialMs: 2_500,
  quietMs: 100,
  tickMs: 250,
  settleMs: 100,
  backoffMinMs: 500,
  backoffMaxMs: 30_000,
  connectTimeoutMs: 10_000,
  maxBytesPerSecond: 800_000,
};
