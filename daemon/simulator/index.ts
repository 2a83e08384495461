export { type Device, NOTHING } from './device.ts';
export type { FaultOptions, Spell } from './faults.ts';
export { type LineStats, PluggedDevice, type PluggedDeviceOptions } from './plugged-device.ts';
export type { Waypoint } from './route.ts';
export { TOWN_DRIVE, Track, type TrackOptions, type TrackPoint } from './track.ts';
export {
  createReceiver,
  DEVICE_MODELS,
  type DeviceModel,
  VirtualDevice,
  type VirtualDeviceOptions,
} from './virtual-device.ts';
export { VirtualPort } from './virtual-port.ts';
