export { type CameraConfig, cameraFolderSchema } from './camera.ts';
export { type Fault, parseYaml } from './document.ts';
export { DAEMON_EXAMPLE, VERIFIER_EXAMPLE } from './example.ts';
export { findConfigErrors, loadDaemonConfig, loadVerifierConfig, readConfig } from './load.ts';
export type { MqttConfig } from './mqtt.ts';
export type { PrivacyConfig, ZoneConfig } from './privacy.ts';
export type {
  BatchingConfig,
  ClockConfig,
  DaemonConfig,
  EvidenceConfig,
  HealthConfig,
  JournalConfig,
  OutboxConfig,
  PortConfig,
  SignerConfig,
  UplinkConfig,
  VerifierConfig,
} from './schema.ts';
export { duration, size } from './units.ts';
