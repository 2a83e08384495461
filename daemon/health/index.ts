export { type Finding, findingsOf } from './findings.ts';
export { readHostHealth, readSupply } from './host.ts';
export { Recent } from './recent.ts';
export type {
  FixStatus,
  GatewayStatus,
  RateStatus,
  ReceiptStatus,
  RecentStatus,
  SatelliteStatus,
  SkyStatus,
  SourceStatus,
  TrackPoint,
  TrackStatus,
} from './status.ts';
export { type Notify, SystemdNotifier } from './systemd.ts';
