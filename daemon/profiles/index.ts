export { type DeviceProfile, listProfiles, loadProfile, readProfile, SHIPPED_PROFILES } from './load.ts';
export { Plausibility, type PlausibleBounds } from './plausibility.ts';
export { type ProfileData, profileJsonSchema, profileSchema } from './schema.ts';
export { defaultSettings, resolveSettings } from './settings.ts';
