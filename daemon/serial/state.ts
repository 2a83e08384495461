import type { ErrorCode } from '../errors.ts';
import type { SessionEnd } from './session.ts';

/**
 * How a port is. `opening`: open or being opened, nothing valid came yet. `stalled`: open, but no valid frame for the
 * profile's `silence`. `garbled`: bytes come, but no frames, as at a wrong baud rate. `missing`: there was never such a
 * port since the start. `failed`: it cannot be opened for another reason.
 */
export const PORT_STATES = [
  'closed',
  'opening',
  'running',
  'stalled',
  'garbled',
  'unplugged',
  'missing',
  'denied',
  'busy',
  'failed',
] as const;
export type PortState = (typeof PORT_STATES)[number];

/** Why an open port was opened anew. */
export type ReopenCause = Exclude<SessionEnd, 'aborted' | 'ended'>;

/** Why a port could not be opened. */
export type Refusal = 'missing' | 'denied' | 'busy' | 'failed';

export interface PortTotals {
  state: PortState;
  bytes: number;
  frames: number;
  opens: number;
  /** Bytes dropped because they came faster than any serial line brings them. */
  overflow: number;
  readonly reopens: Record<ReopenCause, number>;
  readonly refusals: Record<Refusal, number>;
}

export interface PortStats extends PortTotals {
  /** Bytes sent to the device. */
  readonly sent: number;
  /** What was to be sent to the device and did not go out. */
  readonly sendFailures: number;
  /** The rate in use, or to be tried next. */
  readonly baudRate: number;
}

export const emptyStats = (): PortTotals => ({
  state: 'closed',
  bytes: 0,
  frames: 0,
  opens: 0,
  overflow: 0,
  reopens: { hangup: 0, vanished: 0, failed: 0, stalled: 0, garbled: 0 },
  refusals: { missing: 0, denied: 0, busy: 0, failed: 0 },
});

/** The state of a port whose opening was refused with an error. */
export function stateOfRefusal(code: ErrorCode): Refusal {
  if (code === 'PORT_NOT_FOUND') return 'missing';
  if (code === 'PORT_DENIED') return 'denied';
  return code === 'PORT_BUSY' ? 'busy' : 'failed';
}
