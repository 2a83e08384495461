export { readHostHealth, readSupply } from './host.ts';
export type { GatewayStatus, SourceStatus } from './status.ts';
export { type Notify, SystemdNotifier } from './systemd.ts';
