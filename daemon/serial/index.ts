export type { PortMatch, UsbMatch } from './find-port.ts';
export { PORT_STATES, type PortState, type PortStats, type Refusal, type ReopenCause } from './state.ts';
export { type FeedResult, type PortHooks, type PortOptions, PortSupervisor } from './supervisor.ts';
export type { PortTiming } from './timing.ts';
export type { Connection, Transport } from './transport.ts';
