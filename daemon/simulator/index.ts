export { type FaultSpec, parseFaults } from './fault-spec.ts';
export type { FaultOptions, Spell } from './faults.ts';
export { type LabDevice, type LabFiles, type LabOptions, MODEL_BAUD_RATES, openLab } from './lab.ts';
export type { ForwarderStats } from './packet-forwarder.ts';
export type { LineStats } from './plugged-device.ts';
export type { RecordedChunk } from './recording.ts';
export type { Waypoint } from './route.ts';
export { type Scenario, type ScenarioDevice, scenarioJsonSchema, scenarioSchema } from './scenario.ts';
export { TOWN_DRIVE, Track, type TrackOptions, type TrackPoint } from './track.ts';
export {
  createReceiver,
  DEVICE_MODELS,
  type DeviceModel,
  VirtualDevice,
  type VirtualDeviceOptions,
} from './virtual-device.ts';
export { VirtualPort } from './virtual-port.ts';
