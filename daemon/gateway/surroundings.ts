import type { ClockHost } from '../clock/index.ts';
import type { GatewayStatus, Notify } from '../health/index.ts';
import type { Log, LogLevel } from '../log.ts';
import type { Receipt } from '../proof/index.ts';
import type { SealedProof } from '../sealing/index.ts';
import type { Memory } from './memory.ts';

/** What the gateway needs of the process that it runs in. */
export interface GatewaySurroundings {
  readonly log: Log;
  readonly notify: Notify;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observer?: GatewayObserver;
  /** The clocks of the host; left out, those of this one. */
  readonly clockHost?: ClockHost;
  /** Left out, memory is kept as it comes. */
  readonly memory?: Memory;
  /** Makes the log as talkative as a new configuration asks. */
  readonly setLogLevel?: (level: LogLevel) => void;
  /** How long the receipts for what was sealed at the end may take. */
  readonly farewellMs?: number;
  /** How long all of it may take to stop; what hangs then is left behind. */
  readonly stopMs?: number;
  /** READY is told after so long where no port can be opened. */
  readonly readyPatienceMs?: number;
}

/** Whoever wants to watch, such as the demo. */
export interface GatewayObserver {
  onReady?(status: () => GatewayStatus): void;
  onSealed?(proof: SealedProof): void;
  onPublished?(digest: string, times: number): void;
  onReceipt?(receipt: Receipt, outcome: 'dropped' | 'quarantined' | 'unknown'): void;
}
