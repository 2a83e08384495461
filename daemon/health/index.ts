export { readHostHealth, readSupply } from './host.ts';
export { createMetrics } from './metrics.ts';
export type { GatewayStatus, SourceStatus } from './status.ts';
export { type Notify, SystemdNotifier } from './systemd.ts';
