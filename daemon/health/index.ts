export { readHostHealth, readSupply } from './host.ts';
export type {
  GatewayStatus,
  RateStatus,
  ReceiptStatus,
  SatelliteStatus,
  SkyStatus,
  SourceStatus,
  TrackStatus,
} from './status.ts';
export { type Notify, SystemdNotifier } from './systemd.ts';
