export type { FaultOptions, Spell } from './faults.ts';
export type { Waypoint } from './route.ts';
export { TOWN_DRIVE, Track, type TrackOptions, type TrackPoint } from './track.ts';
export {
  createReceiver,
  DEVICE_MODELS,
  type DeviceModel,
  VirtualDevice,
  type VirtualDeviceOptions,
  type VirtualDeviceStats,
} from './virtual-device.ts';
export { VirtualPort } from './virtual-port.ts';
