import type { ClockHost } from '../clock/index.ts';
import type { DaemonConfig } from '../config/index.ts';
import type { Account } from './account.ts';
import type { Finding } from './finding.ts';

/** The gateway that is examined. */
export interface Patient {
  readonly config: DaemonConfig;
  /** Whom the daemon runs as. */
  readonly account: Account;
  /** The process that holds the outbox: the daemon, running. Undefined where none does. */
  readonly holder: string | undefined;
  /** Before /proc, /sys, /etc and the like; empty but in tests. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: ClockHost;
  /** How long to listen to a port, ms. */
  readonly listenMs: number;
  readonly signal: AbortSignal;
}

/** Looks at one part of a gateway and changes nothing. */
export type Check = (patient: Patient) => Promise<Finding[]>;
