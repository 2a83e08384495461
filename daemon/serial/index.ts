export {
  CaptureDecoder,
  CaptureEncoder,
  type CaptureHeader,
  type CaptureRecord,
  isCapture,
  isCaptureStart,
} from './capture-file.ts';
export type { PortMatch, UsbMatch } from './find-port.ts';
export { AUTO_PATH, mediumOf, type PortMedium, transportFor } from './port-path.ts';
export { PORT_STATES, type PortState, type PortStats, type Refusal, type ReopenCause } from './state.ts';
export { type FeedResult, type PortHooks, type PortOptions, PortSupervisor } from './supervisor.ts';
export { DEFAULT_TIMING, type PortTiming } from './timing.ts';
export type { Connection, Transport } from './transport.ts';
