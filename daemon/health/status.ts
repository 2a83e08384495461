import type { Fields } from '../readings/index.ts';

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
  /** Why the disk doesn't take what the source keeps there: `CODE place: what happened`; undefined while it does. */
  readonly trouble?: string | undefined;
}

/** What the verifier answered to one proof. */
export interface ReceiptStatus {
  /** When it came, ms since the Unix epoch by the gateway's clock. */
  readonly received: number;
  readonly epoch: string;
  readonly seq: number;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

/** One satellite of a source's last view. */
export interface SatelliteStatus {
  /** Constellation, by the u-blox numbers of gnss.sky. */
  readonly gnssid: number | undefined;
  readonly svid: number;
  /** Degrees; undefined where the receiver does not know. */
  readonly elevation: number | undefined;
  readonly azimuth: number | undefined;
  /** Carrier to noise density, dBHz. */
  readonly ss: number | undefined;
  readonly used: boolean;
}

/** What a source had in view, and how well it could tell its place by it. */
export interface SkyStatus {
  readonly source: string;
  /** When, ms since the Unix epoch by the gateway's clock. */
  readonly t: number;
  readonly hdop: number | undefined;
  readonly satellites: readonly SatelliteStatus[];
}

/** A place where a source has been. */
export interface TrackPoint {
  /** Ms since the Unix epoch, by the gateway's clock. */
  readonly t: number;
  /** Degrees. */
  readonly lat: number;
  readonly lon: number;
  /** Nothing is known of the way from the point before. */
  readonly gap: boolean;
}

/** Where a source has been in the last hour, outside the privacy zones, oldest first. */
export interface TrackStatus {
  readonly source: string;
  readonly points: readonly TrackPoint[];
}

/** A source's last fix. */
export interface FixStatus {
  readonly source: string;
  /** When, ms since the Unix epoch by the gateway's clock. */
  readonly t: number;
  /** "none", "2D", "3D" ... */
  readonly mode: string;
  /** Satellites used. */
  readonly used?: number | undefined;
  /** Degrees. */
  readonly lat?: number | undefined;
  readonly lon?: number | undefined;
  /** Metres: above mean sea level, and the estimated horizontal error. */
  readonly altMSL?: number | undefined;
  readonly eph?: number | undefined;
  /** m/s. */
  readonly speed?: number | undefined;
}

/** Readings a second that went into the sealer. */
export interface RateStatus {
  readonly stepMs: number;
  /** The last ten minutes, one value a step, oldest first; the last step is complete. */
  readonly history: readonly number[];
  /** In the last complete step, by source. */
  readonly bySource: Readonly<Record<string, number>>;
}

/** What the gateway remembers of the last hour, for whoever looks at it. */
export interface RecentStatus {
  readonly sky: readonly SkyStatus[];
  readonly fixes: readonly FixStatus[];
  readonly track: readonly TrackStatus[];
  readonly rate: RateStatus;
  /** The latest receipts, newest first; 20 at most. */
  readonly receipts: readonly ReceiptStatus[];
  /** Reasons in all receipts since the start, counted. */
  readonly receiptReasons: Readonly<Record<string, number>>;
  /** The host's last host.health reading. */
  readonly host: Fields<'host.health'> | undefined;
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
    /** Loss records in proofs, by reason. */
    readonly losses: Readonly<Partial<Record<string, number>>>;
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
    /** False while the disk takes nothing: proofs are held in memory, and a power cut would lose them. */
    readonly durable?: boolean;
    /** What the disk last refused with: `CODE place: what happened`; undefined while it is well. */
    readonly trouble?: string | undefined;
    /** Proofs in memory alone. */
    readonly held?: number;
  };
  /** Readings that are kept on disk until they are sealed; undefined where there is no journal. */
  readonly journal?: {
    readonly readings: number;
    readonly bytes: number;
    readonly durable: boolean;
    readonly trouble?: string | undefined;
  };
  /** Why hidden times of the privacy zones are not on the disk; undefined while they are. */
  readonly privacyTrouble?: string | undefined;
  readonly token?: {
    /** closed, opening, ready, recovering, pin-latched, wedged, absent, ... */
    readonly state: string;
    readonly trouble?: string | undefined;
    /** Who holds the key: the token's label and model, or the file of a software key. */
    readonly holder?: string | undefined;
  };
  readonly recent?: RecentStatus;
  readonly uplink: {
    readonly connected: boolean;
    readonly published: number;
    readonly republished: number;
    readonly receipts: Readonly<Record<string, number>>;
    readonly badReceipts: number;
    /** Receipts that did not count, by why. */
    readonly badReceiptsBy?: Readonly<Record<string, number>>;
  };
  readonly clock: {
    readonly source: string;
    readonly uncertaintyMs: number;
    /** Whether anybody vouches for the time; while nobody does, batches are held. */
    readonly known?: boolean;
    /** How far the timeline lies from the host's wall clock, ms. */
    readonly offsetMs?: number;
    readonly steps?: number;
    /** Who was asked for the time, such as chrony, and what it said. */
    readonly servers?: readonly { readonly name: string; readonly state: string }[];
  };
  /** When this run began, ms since the Unix epoch. */
  readonly started?: number;
}
