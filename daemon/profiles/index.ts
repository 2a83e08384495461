export { isPresetId, SHIPPED_PROFILES } from './folders.ts';
export { type DeviceProfile, listProfiles, loadProfile, readProfile } from './load.ts';
export { Plausibility, type PlausibleBounds } from './plausibility.ts';
export {
  type GatewayPreset,
  type Inputs,
  joinInputs,
  listPresets,
  loadPreset,
  type ProfiledPort,
  readPreset,
} from './preset.ts';
export { presetJsonSchema } from './preset-schema.ts';
export { kindsOf, type ProfileData, profileJsonSchema, profileSchema } from './schema.ts';
export { defaultSettings, resolveSettings } from './settings.ts';
