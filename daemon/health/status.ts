/** How one source is doing; counters only grow. */
export interface SourceStatus {
  readonly source: string;
  /** The port's state, such as "running" or "unplugged". */
  readonly state: string;
  readonly bytes: number;
  readonly frames: Readonly<Record<string, number>>;
  /** Bytes given up, by reason. */
  readonly noise: Readonly<Partial<Record<string, number>>>;
  /** Bytes of valid frames; with the noise and the overflow they make up `bytes`, but for a frame that is incomplete as yet. */
  readonly frameBytes?: number | undefined;
  /** Readings kept, by kind. */
  readonly readings: Readonly<Partial<Record<string, number>>>;
  readonly reopens: number;
  readonly overflowBytes: number;
  /** Readings kept although a value lies outside what the profile calls plausible. */
  readonly implausible?: number;
  /** Bytes sent to the device, and what did not go out. */
  readonly sent?: number;
  readonly sendFailures?: number;
  /** Where the device stands that the profile has configured: pending, done or failed, and what it did not acknowledge. */
  readonly configured?: string | undefined;
  readonly configureFailures?: readonly string[] | undefined;
  /** Raw bytes hashed as evidence that never came onto the disk. */
  readonly evidenceLostBytes?: number | undefined;
}

/** How the whole gateway is doing; what /metrics, the log and the demo show. */
export interface GatewayStatus {
  readonly kid: string;
  readonly sources: readonly SourceStatus[];
  readonly sealer: {
    readonly proofs: number;
    readonly readings: number;
    readonly waiting: number;
    readonly signFailures: number;
    /** Why the token does not sign; undefined while it does. */
    readonly trouble: string | undefined;
  };
  readonly chain: { readonly epoch: string; readonly seq: number | undefined };
  readonly outbox: {
    readonly proofs: number;
    readonly bytes: number;
    /** When the oldest proof that waits was stored, ms since the Unix epoch. */
    readonly oldest: number | undefined;
    readonly quarantined: number;
  };
  readonly uplink: {
    readonly connected: boolean;
    readonly published: number;
    readonly republished: number;
    readonly receipts: Readonly<Record<string, number>>;
    readonly badReceipts: number;
  };
  readonly clock: { readonly source: string; readonly uncertaintyMs: number };
}
